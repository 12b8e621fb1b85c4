//! What every page shares: frame, components, assets.
