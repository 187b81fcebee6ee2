//! The admin key of a new data folder, made at the first start.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use super::output::say;
use crate::engine::{Engine, KeyWish};
use crate::error::{Error, Result};
use crate::startup;

/// The file in the data folder that tells the key to whoever cannot read the terminal.
const FILE: &str = "first-admin-key";

/// Goes on only with a key that opens everything. A data folder without any key gets one; one
/// whose keys open less does not, for somebody has decided so.
///
/// # Errors
/// Unavailable when no key opens everything, or the key cannot be told; as making a key otherwise.
pub(super) fn demand_admin(engine: &Engine, data_dir: &Path) -> Result<()> {
    if engine.has_admin_key(startup::now()) {
        return Ok(());
    }
    if !engine.keys().is_empty() {
        return Err(no_admin_key(data_dir));
    }
    let made = engine.create_key(KeyWish::admin("first admin"), startup::now())?;
    if io::stderr().is_terminal() {
        say(&format!("The first admin key, which is not shown again:\n\n    {}\n", made.key));
        return Ok(());
    }
    let path = data_dir.join(FILE);
    if let Err(error) = write_privately(&path, &made.key) {
        // Nobody knows it, and the next start can try again.
        engine.delete_key(&made.kept.id)?;
        return Err(Error::unavailable(
            "first_key_failed",
            format!("the first admin key cannot be written to '{}': {error}", path.display()),
            "check the disk and the permissions of the data directory",
        ));
    }
    say(&format!("The first admin key is in '{}': read it, and delete the file.", path.display()));
    Ok(())
}

/// Standard error often ends in a log that many can read, so the file is for its owner alone.
fn write_privately(path: &Path, key: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    file.write_all(format!("{key}\n").as_bytes())?;
    file.sync_all()
}

fn no_admin_key(data_dir: &Path) -> Error {
    Error::unavailable(
        "no_admin_key",
        "no key opens everything any longer, so nobody could administer this server",
        format!(
            "make one with 'vitrine keys create --data-dir {} --scope admin', or open everything \
             on this machine with --dev",
            data_dir.display()
        ),
    )
}
