//! What waits for a connection.

use std::collections::{HashSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant as Clock;

use crate::{Act, Ahead, SchoolId, StoreError, Tx};

/// So many acts share one transaction and one flush at most.
const GATHERED: usize = 64;

/// A closure with the way to answer whoever gave it.
pub(crate) trait Work<G>: Send {
    /// Runs the closure once; a panic in it becomes an error. Answers whether what it did is to be kept.
    fn run(&mut self, ground: &mut G) -> bool;

    /// Answers with the closure's own result, or with why it came to nothing.
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

/// Says what an act that is about to begin will ask.
pub(crate) type AskAhead = Box<dyn FnOnce(Ahead<'_>) -> Result<(), StoreError> + Send>;

/// What is asked of a thread.
pub(crate) struct Request {
    pub since: Clock,
    pub task: Task,
}

/// The kinds of request.
pub(crate) enum Task {
    /// A transaction.
    Plain(Box<dyn Work<Tx>>),
    /// An act in this school.
    Act {
        school: SchoolId,
        ahead: Option<AskAhead>,
        work: Box<dyn Work<Act>>,
    },
    /// Something that begins and ends its own transactions.
    Alone(Box<dyn Work<Tx>>),
}

impl Task {
    pub(crate) fn answer(self, outcome: Result<(), StoreError>) {
        match self {
            Task::Plain(work) | Task::Alone(work) => work.answer(outcome),
            Task::Act { work, .. } => work.answer(outcome),
        }
    }
}

/// A closure that answers by calling `reply`.
pub(crate) struct Piece<F, T, E, R> {
    closure: Option<F>,
    result: Option<Result<T, E>>,
    reply: R,
}

impl<F, T, E, R> Piece<F, T, E, R> {
    pub(crate) fn new(closure: F, reply: R) -> Self {
        Piece {
            closure: Some(closure),
            result: None,
            reply,
        }
    }
}

impl<G, F, T, E, R> Work<G> for Piece<F, T, E, R>
where
    F: FnOnce(&mut G) -> Result<T, E> + Send,
    R: FnOnce(Result<T, E>) + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, ground: &mut G) -> bool {
        let closure = self.closure.take().expect("a closure is run once");
        let result = catch_unwind(AssertUnwindSafe(|| closure(ground)))
            .unwrap_or_else(|panic| Err(panicked(panic.as_ref()).into()));
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let result = match (outcome, self.result) {
            (Err(error), _) => Err(error.into()),
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(StoreError::Closed.into()),
        };
        (self.reply)(result);
    }
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> StoreError {
    let message = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned());
    StoreError::Panicked { message }
}

/// Requests in the order in which they came, for one or more threads.
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    limit: usize,
    /// Whether acts of different schools share a transaction (SQLite), or each thread takes one school (PostgreSQL).
    mixed: bool,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Request>,
    /// Schools whose acts a thread is carrying out.
    in_hand: HashSet<SchoolId>,
    closed: bool,
}

/// Requests that one thread carries out in one transaction.
pub(crate) struct Group {
    pub requests: Vec<Request>,
    /// The school that is in hand meanwhile.
    pub school: Option<SchoolId>,
}

impl Queue {
    pub(crate) fn new(limit: usize, mixed: bool) -> Queue {
        Queue {
            state: Mutex::default(),
            changed: Condvar::new(),
            limit,
            mixed,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a request in, or answers it at once when it cannot be taken.
    pub(crate) fn add(&self, task: Task) {
        let mut state = self.state();
        let refused = if state.closed {
            StoreError::Closed
        } else if state.waiting.len() >= self.limit {
            StoreError::QueueFull {
                waiting: state.waiting.len(),
            }
        } else {
            state.waiting.push_back(Request {
                since: Clock::now(),
                task,
            });
            drop(state);
            self.changed.notify_one();
            return;
        };
        drop(state);
        task.answer(Err(refused));
    }

    /// Waits for the next requests to carry out together; `None` once the queue is closed and empty.
    pub(crate) fn take(&self) -> Option<Group> {
        let mut state = self.state();
        loop {
            if let Some(group) = state.next_group(self.mixed) {
                return Some(group);
            }
            if state.closed && state.waiting.is_empty() {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Says that a group was carried out.
    pub(crate) fn finished(&self, school: Option<SchoolId>) {
        if let Some(school) = school {
            self.state().in_hand.remove(&school);
            self.changed.notify_all();
        }
    }

    /// Takes no more requests; those that wait are still carried out.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }
}

impl State {
    fn next_group(&mut self, mixed: bool) -> Option<Group> {
        let first = self.waiting.iter().position(|request| match request.task {
            Task::Act { school, .. } => !self.in_hand.contains(&school),
            Task::Plain(_) | Task::Alone(_) => true,
        })?;
        let school = match self.waiting[first].task {
            Task::Act { school, .. } if !mixed => Some(school),
            _ => None,
        };
        let mut requests = Vec::new();
        if let Some(school) = school {
            self.in_hand.insert(school);
            let mut index = first;
            while index < self.waiting.len() && requests.len() < GATHERED {
                if matches!(self.waiting[index].task, Task::Act { school: other, .. } if other == school)
                {
                    requests.extend(self.waiting.remove(index));
                } else {
                    index += 1;
                }
            }
        } else {
            requests.extend(self.waiting.remove(first));
            let shared = |request: &Request| !matches!(request.task, Task::Alone(_));
            while mixed
                && requests.len() < GATHERED
                && shared(&requests[0])
                && self.waiting.front().is_some_and(shared)
            {
                requests.extend(self.waiting.pop_front());
            }
        }
        Some(Group { requests, school })
    }
}
