//! Wider vectors where the processor has them, found at run time. The only file of the product with `unsafe` in it.
//!
//! Nothing is written twice: the safe counting code is compiled again with more vector instructions allowed, and the `unsafe` is
//! the promise that the processor has them. AVX-512 was tried and left out: compiled from the same code it was no faster than AVX2
//! (`docs/decisions/0005-one-byte-a-mark.md`).

/// Counting work that can be compiled for any number of lanes.
pub(crate) trait Work {
    /// Does the work with `L` marks side by side. Must be `#[inline(always)]`, or it is compiled for the plain processor only.
    fn run<const L: usize>(&mut self);
}

/// Which vector instructions the counting uses. All give the same counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path(Width);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Width {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

impl Path {
    /// What every processor of this kind has.
    pub const PORTABLE: Path = Path(Width::Portable);

    /// Every path that this processor can take, the plainest first.
    pub fn available() -> Vec<Path> {
        let mut paths = vec![Path::PORTABLE];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") {
                paths.push(Path(Width::Avx2));
            }
        }
        paths
    }

    /// The widest path that this processor can take.
    pub fn widest() -> Path {
        static WIDEST: std::sync::OnceLock<Path> = std::sync::OnceLock::new();
        *WIDEST.get_or_init(|| *Path::available().last().unwrap_or(&Path::PORTABLE))
    }

    /// A name for reports: `portable` or `avx2`.
    pub fn name(self) -> &'static str {
        match self.0 {
            Width::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Width::Avx2 => "avx2",
        }
    }

    /// Does the work along this path.
    #[cfg_attr(
        target_arch = "x86_64",
        expect(
            unsafe_code,
            reason = "a function compiled for more instructions may only be called where they exist; a path exists only where they were detected"
        )
    )]
    pub(crate) fn run(self, work: &mut impl Work) {
        match self.0 {
            Width::Portable => work.run::<16>(),
            // SAFETY: `Width::Avx2` is made only in `available`, after avx2 was detected on this processor.
            #[cfg(target_arch = "x86_64")]
            Width::Avx2 => unsafe { with_avx2(work) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2(work: &mut impl Work) {
    work.run::<32>();
}
