//! Load on a running Rollbook over HTTP, as browsers make it: how long pages take, how fast registers are saved, how soon
//! open boards show a change.
//!
//! It speaks to loopback only, and for a bounded time. It knows what a browser knows, the pages and the addresses in them, and
//! nothing of the crates behind them; so it measures what people meet, and its tests hold for any version of the program.

mod announcement;
mod bare;
mod board;
mod browser;
mod flushes;
mod pages;
mod register_page;
mod saves;
mod spread;

pub use announcement::{Account, Announcement};
pub use bare::Bare;
pub use board::{BoardFigures, call_in_a_closed_loop, fill_board, watch_boards};
pub use browser::{Answer, Browser};
pub use flushes::Flushes;
pub use pages::{Goals, Page, PageFigures, Visitor, measure_pages};
pub use register_page::{RegisterLink, RegisterPage, RegisterRow, register_links};
pub use saves::{
    Mark, SaveAnswer, SaveResult, SavesFigures, save_in_a_closed_loop, save_request, whole_register,
};
pub use spread::Spread;
