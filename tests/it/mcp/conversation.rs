//! A conversation with the server, one message per line.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use testing::program::CANARIES;

/// Longer than any answer takes.
const TIMEOUT: Duration = Duration::from_mins(4);

/// A running server, and the messages that it sent.
pub(super) struct Conversation {
    child: Child,
    input: Option<ChildStdin>,
    messages: Receiver<String>,
    /// Notifications that came before an answer.
    pub(super) notifications: Vec<Value>,
    next: u64,
}

impl Conversation {
    /// Starts the server with these arguments, separated by spaces, and nothing but these variables.
    pub(super) fn start(arguments: &str, folder: &Path, variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_prodverdict"))
            .args(arguments.split_whitespace())
            .current_dir(folder)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let output = BufReader::new(child.stdout.take().expect("standard output"));
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self {
            input: child.stdin.take(),
            child,
            messages,
            notifications: Vec::new(),
            next: 1,
        }
    }

    /// Starts it in the root of the repository, and shakes hands.
    pub(super) fn begin(arguments: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut conversation = Self::start(arguments, root, &[]);
        conversation.shake_hands();
        conversation
    }

    pub(super) fn shake_hands(&mut self) {
        let client = json!({ "name": "tests", "version": "1" });
        let begun = self.ask(
            "initialize",
            &json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client }),
        );
        assert_eq!(begun["result"]["protocolVersion"], "2025-11-25", "{begun}");
        self.say(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
    }

    /// Sends a line as it is.
    pub(super) fn write(&mut self, line: &str) {
        let input = self.input.as_mut().expect("an open input");
        writeln!(input, "{line}").expect("the server reads");
    }

    pub(super) fn say(&mut self, message: &Value) {
        self.write(&message.to_string());
    }

    /// Sends a request, and returns its id.
    pub(super) fn request(&mut self, method: &str, params: &Value) -> u64 {
        let id = self.next;
        self.next += 1;
        self.say(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// Returns the next message. A secret in it fails every test.
    #[track_caller]
    pub(super) fn next(&mut self) -> Value {
        let line = self.messages.recv_timeout(TIMEOUT).expect("a message");
        for canary in CANARIES {
            assert!(!line.contains(canary), "a secret is shown: {line}");
        }
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Waits for the answer to a request, and keeps the notifications before it.
    #[track_caller]
    pub(super) fn answer(&mut self, id: u64) -> Value {
        loop {
            let message = self.next();
            if message["id"] == id {
                return message;
            }
            assert!(message.get("method").is_some(), "{message}");
            self.notifications.push(message);
        }
    }

    #[track_caller]
    pub(super) fn ask(&mut self, method: &str, params: &Value) -> Value {
        let id = self.request(method, params);
        self.answer(id)
    }

    /// Calls a tool and returns its result.
    #[track_caller]
    pub(super) fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        let answer = self.ask(
            "tools/call",
            &json!({ "name": tool, "arguments": arguments }),
        );
        answer["result"].clone()
    }

    /// Goes away: closes the server's input and waits for its end. Returns what it wrote to standard error.
    #[track_caller]
    pub(super) fn leave(mut self) -> (ExitStatus, String) {
        drop(self.input.take());
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                break status;
            }
            assert!(begun.elapsed() < TIMEOUT, "the server goes on");
            std::thread::sleep(Duration::from_millis(20));
        };
        let mut said = String::new();
        let mut stderr = self.child.stderr.take().expect("standard error");
        stderr.read_to_string(&mut said).expect("text");
        for canary in CANARIES {
            assert!(!said.contains(canary), "a secret is shown: {said}");
        }
        (status, said)
    }
}
