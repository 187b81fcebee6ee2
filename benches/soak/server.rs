//! The server's process, with the sample shop.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use vitrine::error::Result;

use super::client::{Call, Caller};
use super::failed;

/// A server on a free port and in a folder of its own.
pub(crate) struct Server {
    process: Child,
    _folder: tempfile::TempDir,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts the program with its default configuration.
    pub(crate) fn start() -> Result<Self> {
        let folder = tempfile::tempdir_in("target").map_err(failed)?;
        let mut process = Command::new(env!("CARGO_BIN_EXE_vitrine"))
            .args(["serve", "--dev", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(folder.path())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let stderr = process.stderr.take().ok_or_else(|| failed("no standard error"))?;
        let mut lines = BufReader::new(stderr).lines();
        let address = lines.by_ref().map_while(std::result::Result::ok).find_map(|line| {
            line.strip_prefix("Vitrine serves http://")?.trim_end_matches('/').parse().ok()
        });
        // Nobody may wait for room in the pipe; what goes wrong is told.
        std::thread::spawn(move || {
            let told = lines.map_while(std::result::Result::ok);
            told.filter(|line| line.contains("ERROR")).for_each(|line| super::say(&line));
        });
        let address = address.ok_or_else(|| failed("the server does not start"))?;
        Ok(Self { process, _folder: folder, address })
    }

    /// Makes the index and waits until all products are found by word and by meaning.
    pub(crate) fn fill(&self) -> Result<()> {
        let products = std::fs::read_to_string("data/products.jsonl").map_err(failed)?;
        let mut caller = Caller::new(self.address);
        for (head, body) in [
            ("PUT /v1/indexes/shop", "{}".to_owned()),
            ("POST /v1/indexes/shop/products", products),
        ] {
            let call = Call { head: head.to_owned(), body };
            let reply = caller.call(&call).map_err(failed)?;
            if reply.status >= 300 {
                return Err(failed(reply.summary()));
            }
        }
        let ready = Call { head: "GET /readyz".to_owned(), body: String::new() };
        while caller.call(&ready).map_err(failed)?.status != 200 {
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(())
    }

    /// Memory of the process that is in use, where the system is Linux.
    pub(crate) fn resident_mib(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib / 1_024.0)
    }

    /// Asks it to stop, and says so when it does not end well.
    #[cfg(unix)]
    pub(crate) fn stop(mut self) -> Result<()> {
        use rustix::process::{Pid, Signal, kill_process};
        kill_process(Pid::from_child(&self.process), Signal::TERM).map_err(failed)?;
        let ended = self.process.wait().map_err(failed)?;
        if ended.success() { Ok(()) } else { Err(failed(ended)) }
    }

    /// Ends it.
    #[cfg(not(unix))]
    pub(crate) fn stop(mut self) -> Result<()> {
        self.process.kill().map_err(failed)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
