# A shell in a pseudoterminal with a separate home directory: its input and its output.
import errno, fcntl, os, pty, select, signal, struct, subprocess, termios
import time

T = os.environ["SHMTOOL"]


class Shell:
    """bash, zsh or fish, with the completion that the program prints, and nothing of the user's."""

    READY = "READY>"

    def __init__(self, kind, directory, completion=None):
        self.kind, self.work = kind, os.path.join(directory, "work")
        home, tools = os.path.join(directory, "home"), os.path.join(directory, "bin")
        for path in (self.work, home, tools):
            os.makedirs(path, exist_ok=True)
        if not os.path.lexists(tools + "/shmtool"):
            os.symlink(T, tools + "/shmtool")
        script = completion or subprocess.run(
            [T, "--generate-completion-script", kind], capture_output=True, check=True).stdout
        with open(home + "/script", "wb") as file:
            file.write(script)
        environment = {
            "HOME": home, "PATH": tools + ":/usr/local/bin:/usr/bin:/bin", "TERM": "xterm",
            "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "SHMTOOL": T, "ZDOTDIR": home,
            "XDG_CONFIG_HOME": home + "/config", "XDG_DATA_HOME": home + "/data",
            "SHMTOOL_DIR": os.environ.get("SHMTOOL_DIR", ""),
        }
        if kind == "bash":
            self.write(home + "/rc", f"PS1='{self.READY} '\nbind 'set enable-bracketed-paste off'\n"
                       "bind 'set bell-style none'\nbind 'set page-completions off'\n"
                       "bind 'set completion-query-items 0'\n"
                       f". '{home}/script'\n")
            words = ["bash", "--noprofile", "--rcfile", home + "/rc", "-i"]
        elif kind == "zsh":
            # Lists are shown without a question; no dump is written.
            self.write(home + "/.zshrc", f"PS1='{self.READY} '\nautoload -Uz compinit\n"
                       f"compinit -u -D\nLISTMAX=0\nsetopt no_beep no_prompt_cr\n. '{home}/script'\n")
            words = ["zsh", "-d", "-i"]
        else:
            os.makedirs(home + "/config/fish", exist_ok=True)
            # Else it begins to read all man pages in the background.
            os.makedirs(home + "/data/fish/generated_completions", exist_ok=True)
            self.write(home + "/config/fish/config.fish",
                       "set -g fish_greeting\nset -g fish_autosuggestion_enabled 0\n"
                       f"function fish_prompt; echo -n '{self.READY} '; end\n"
                       "function fish_title; end\n"
                       f"source '{home}/script'\n")
            words = ["fish", "--private", "-i"]
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.chdir(self.work)
            os.execvpe(words[0], words, environment)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
        self.seen = b""
        self.until(self.READY.encode())
        self.quiet()

    @staticmethod
    def write(path, text):
        with open(path, "w") as file:
            file.write(text)

    def read(self, seconds):
        """What comes in that time, up to the first pause."""
        if not select.select([self.terminal], [], [], seconds)[0]:
            return b""
        try:
            data = os.read(self.terminal, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            raise EOFError(self.seen[-2000:])
        self.seen += data
        # fish asks what the terminal is.
        if b"\x1b[c" in data or b"\x1b[0c" in data:
            os.write(self.terminal, b"\x1b[?62;22c")
        return data

    def until(self, text, seconds=60):
        end, found = time.monotonic() + seconds, b""
        while text not in found:
            assert time.monotonic() < end, (self.kind, text, found[-2000:])
            found += self.read(0.2)
        return found

    def quiet(self, seconds=0.4):
        """Reads until nothing has come for that long."""
        found = b""
        while True:
            data = self.read(seconds)
            if not data:
                return found
            found += data

    def type(self, text):
        os.write(self.terminal, text if type(text) is bytes else text.encode())

    def busy(self):
        """Whether a program of the shell runs: the completion, most often."""
        with open(f"/proc/{self.process}/task/{self.process}/children") as file:
            return file.read().strip() != ""

    def tab(self, line, count=1):
        """Types a line and TAB, and returns what the terminal showed for it."""
        self.seen = b""
        self.type(line)
        self.quiet(0.3)
        shown = b""
        for _ in range(count):
            self.type("\t")
            shown += self.quiet(0.6)
            end = time.monotonic() + 30
            while self.busy() and time.monotonic() < end:
                shown += self.quiet(0.2)
            shown += self.quiet(0.2)
        return shown

    def enter(self, rest=""):
        """Runs the line, and returns when it has ended."""
        mark = os.path.join(os.path.dirname(self.work), "done")
        if os.path.exists(mark):
            os.unlink(mark)
        self.type(rest + f"; echo x >{mark}\r")
        end = time.monotonic() + 30
        while not os.path.exists(mark):
            assert time.monotonic() < end, (self.kind, rest, self.seen[-3000:])
            self.read(0.02)

    def clear(self):
        """Gives up the line."""
        self.type("\x03")
        self.quiet(0.3)
        self.type("\x15")
        self.quiet(0.2)

    def close(self):
        try:
            os.close(self.terminal)
            end = time.monotonic() + 5
            while os.waitpid(self.process, os.WNOHANG) == (0, 0):
                if time.monotonic() > end:
                    os.kill(self.process, signal.SIGKILL)
                    os.waitpid(self.process, 0)
                    break
                time.sleep(0.02)
        except (OSError, ChildProcessError):
            pass
