//! Threads whose work can wait: indexing, embedding a catalogue, making suggestions. They use what
//! searches leave of the processor, and a share of it where searches would take all.

/// How much a background thread yields, as `nice` counts: with 5 it gets a third of what a search
/// gets where both want the same core. More would keep locks from searches that wait for them.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;

/// Lets this thread yield to others, and with it those that it starts later. Only Linux tells the
/// threads of a process apart; elsewhere nothing changes.
pub fn yield_to_others() {
    // Where the system refuses, the work is only as urgent as all other.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, NICENESS);
}
