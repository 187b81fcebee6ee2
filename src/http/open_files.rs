//! Open files: each connection is one, and the store and the indexes need theirs.

/// Files that are not for connections.
#[cfg(unix)]
const OTHER_FILES: u64 = 512;

/// Raises what this process may open so that it suffices for so many connections; how many it does
/// suffice for, ≥ 1.
#[cfg(unix)]
pub(super) fn room_for(connections_max: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let Some(present) = limit.current else { return connections_max };
    let wanted = connections_max as u64 + OTHER_FILES;
    let possible = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    let raised = Rlimit { current: Some(possible), maximum: limit.maximum };
    let files = if possible > present && setrlimit(Resource::Nofile, raised).is_ok() {
        possible
    } else {
        present
    };
    // A process with few files keeps half of them for itself.
    let room = files.saturating_sub(OTHER_FILES).max(files / 2).max(1);
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    if room < connections_max {
        tracing::warn!(
            files,
            connections = room,
            "the process may open too few files for limits.connections_max"
        );
    }
    room.min(connections_max)
}

/// How many connections there may be: nothing is known of open files.
#[cfg(not(unix))]
pub(super) fn room_for(connections_max: usize) -> usize {
    connections_max
}
