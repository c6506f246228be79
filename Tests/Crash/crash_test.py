#!/usr/bin/env python3
"""Kill `quamba` at every call that creates, writes, names or removes an output, make each fail, look at what is left.

    crash_test.py PROGRAM [--short] [COMMAND...]

Whatever happens, the output is absent or old as before, or new and complete; the exit status and the message fit;
the next run clears what a killed one left. Needs strace, and the right to trace. Counts are printed at the end.
"""
import argparse, contextlib, os, pathlib, shutil, subprocess, sys, tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "Tests/Fixtures/models/tiny"
CALLS = ["openat", "write", "pwrite64", "ftruncate", "flock", "fsync", "rename", "link", "unlink", "close"]
PAIR = {"k.key", "k.pub"}
SPECIAL = ("link", "dangling link", "hard link", "pipe", "link to a pipe", "directory", "circle of links")
LITTLE = ["--samples", "2", "--seq-len", "16", "--threads", "1"]
CANNOT_WRITE, IO_FAILED, INTERRUPTED = 73, 74, 75


class Command:
    """A way to make a file: its arguments, and in short one call in how many gets a fault; none where 0."""

    def __init__(self, name, arguments, short_step=0):
        self.name, self.arguments, self.short_step = name, arguments, short_step


class Test:
    def __init__(self, program, short, names):
        self.program, self.short, self.names = program, short, names
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="quamba-crash-"))
        self.temporary = self.base / "tmp"
        self.temporary.mkdir()
        self.counts, self.failures, self.log = {}, [], self.base / "strace.log"
        self.taken_up = 0

    # Running.

    def run(self, arguments, prefix=(), **environment):
        return subprocess.run(
            [*prefix, self.program, *arguments], cwd=self.base, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", env={**os.environ, "TMPDIR": str(self.temporary), **environment})

    def traced(self, arguments, call, fault, number):
        """The outcome with a fault at that call, and whether the fault came to pass."""
        done = self.run(arguments, ["strace", "-f", "-qq", "-o", str(self.log), "-e", f"trace={call}",
                                    "-e", f"inject={call}:{fault}:when={number}"])
        text = self.log.read_text(errors="replace")
        return done, "(INJECTED)" in text or "killed by SIG" in text or "--- SIG" in text

    def opened(self, arguments):
        """Numbers of the calls of `openat` that are for the place or for TMPDIR; most are the dynamic linker's."""
        self.run(arguments, ["strace", "-f", "-qq", "-o", str(self.log), "-e", "trace=openat"])
        lines = [line.split(maxsplit=1) for line in self.log.read_text(errors="replace").splitlines()]
        # strace counts the calls of each thread; one makes all of them.
        calls = [call for thread, call in lines if thread == lines[0][0] and call.startswith("openat(")]
        inside = [f'"{path}' for path in ("place", self.base / "place", self.temporary)]
        return [number for number, call in enumerate(calls, 1) if any(path in call for path in inside)]

    def make(self, arguments):
        done = self.run(arguments)
        assert done.returncode == 0, done.stderr

    # Places.

    def prepare(self, command, old):
        """An empty place, with an old output if asked for."""
        place = self.base / "place"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        if old:
            (place / "out").write_bytes(b"old")
        return place

    def expect(self, condition, what, done):
        if not condition:
            self.failures.append(f"{what}: status {done.returncode}, {done.stderr.strip()[-300:]}")
            print("FAILED", self.failures[-1], flush=True)

    def is_as_before_or_complete(self, place, old, complete):
        out = place / "out"
        return out.read_bytes() in ([b"old"] if old else []) + [complete] if out.exists() else not old

    def check_next_run(self, command, place, complete, what):
        done = self.run(command.arguments)
        self.expect(done.returncode == 0 and (place / "out").read_bytes() == complete, what + ", next run", done)
        self.expect(os.listdir(place) == ["out"], f"{what}, next run leaves {os.listdir(place)}", done)

    def check_status(self, kind, call, done, what):
        status = done.returncode
        if kind == "KILL":
            self.expect(status in (0, -9, 137), what + ", status", done)
        elif kind in ("INT", "TERM"):
            self.expect(status in (0, INTERRUPTED), what + ", status", done)
            self.expect(status == 0 or "error[interrupted]" in done.stderr, what + ", message", done)
        else:
            cannot_create = (CANNOT_WRITE,) if kind == "ENOSPC" or call == "openat" else ()
            self.expect(status in (0, IO_FAILED, *cannot_create), what + ", status", done)
            self.expect(status == 0 or "error[" in done.stderr, what + ", message", done)

    # Faults.

    def numbers(self, call, arguments, short_step=3):
        """Which calls get a fault; in short, some stand for all: two in three of `close` are the dynamic linker's."""
        step = 1 if not self.short else 2 * short_step + 1 if call == "close" else short_step
        return self.opened(arguments)[::step] if call == "openat" else range(1, 2000, step)

    def faults_of(self, call):
        """Before it opens its output a command does not listen to signals, and `close` is called before that."""
        signals = ("INT", "TERM") if call != "close" else ()
        return ["signal=KILL", "error=ENOSPC", "error=EIO", "error=EINTR", *("signal=" + name for name in signals)]

    def check(self, command, call, fault, number, old, complete):
        """Injects one fault; false where there is no such call any more."""
        place = self.prepare(command, old)
        done, happened = self.traced(command.arguments, call, fault, number)
        if not happened:
            return False
        kind = fault.split("=")[1]
        self.counts[kind] = self.counts.get(kind, 0) + 1
        what = f"{command.name}, {kind} at {call} {number}, {'old' if old else 'no'} output"
        status = done.returncode
        if status == 127 and "shared libraries" in done.stderr:
            self.expect(self.is_as_before_or_complete(place, old, b"old"), what + ", while loading", done)
            return True
        self.expect(self.is_as_before_or_complete(place, old, complete), what + ", output", done)
        if status == 0:
            self.expect((place / "out").exists() and (place / "out").read_bytes() == complete, what, done)
        self.check_status(kind, call, done, what)
        left = [name for name in os.listdir(place) if name != "out"]
        if status == INTERRUPTED and left == ["out.unfinished"]:
            self.taken_up += 1
            self.check_next_run(command, place, complete, what)
            left = []
        ended_by_signal = status < 0 or status > 128
        may_leave = ended_by_signal or call == "unlink"
        self.expect(not left or may_leave, f"{what} leaves {left}", done)
        self.expect(not os.listdir(self.temporary), f"{what} leaves {os.listdir(self.temporary)} in TMPDIR", done)
        if left or number % 8 == 1:
            self.check_next_run(command, place, complete, what)
        for name in os.listdir(self.temporary):
            (self.temporary / name).unlink()
        return True

    def faults(self, command):
        self.prepare(command, False)
        self.make(command.arguments)
        complete = (self.base / "place/out").read_bytes()
        for call in CALLS:
            self.prepare(command, False)
            numbers = self.numbers(call, command.arguments, command.short_step)
            for fault in self.faults_of(call):
                for number in numbers:
                    if not self.check(command, call, fault, number, number % 2 == 0, complete):
                        break
                    if not self.short and not self.check(command, call, fault, number, number % 2 == 1, complete):
                        break
        self.short_writes(command, complete)
        self.outputs(command, complete)
        if not self.short or command.name == "compile":
            self.full_disks(command, complete)

    def short_writes(self, command, complete):
        library = self.base / "short_writes.so"
        if not library.exists():
            compiler = shutil.which("cc") or shutil.which("clang")
            if compiler is None or subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, "-ldl",
                                                   ROOT / "Tests/Crash/short_writes.c"]).returncode:
                print("note: no C compiler, so no short writes")
                return
        place, mark = self.prepare(command, True), self.base / "mark"
        mark.unlink(missing_ok=True)
        done = self.run(command.arguments, LD_PRELOAD=str(library), SHORT_WRITES_MARK=str(mark))
        self.counts["short writes"] = self.counts.get("short writes", 0) + 1
        self.expect(done.returncode == 0 and (place / "out").read_bytes() == complete,
                    f"{command.name}, short writes", done)
        self.expect(mark.exists(), f"{command.name}, short writes took no effect", done)

    # Pairs of keys.

    def check_keys(self, call, fault, number):
        """Injects one fault into making a pair of keys; false where there is no such call any more."""
        place, generate = self.prepare(None, False), ["sign", "--generate", "place/k"]
        done, happened = self.traced(generate, call, fault, number)
        if not happened:
            return False
        kind = fault.split("=")[1]
        self.counts[kind] = self.counts.get(kind, 0) + 1
        what = f"sign --generate, {kind} at {call} {number}"
        if done.returncode == 127 and "shared libraries" in done.stderr:
            return True
        self.check_status(kind, call, done, what)
        was_killed = done.returncode in (-9, 137)
        names = set(os.listdir(place))
        pair = names & PAIR
        if was_killed:
            self.expect(pair != {"k.pub"}, f"{what} leaves {names}", done)
        else:
            # The public key is printed when the pair is there.
            is_there = done.returncode == 0 or "standard output" in done.stderr
            self.expect(names == (PAIR if is_there else set()), f"{what} leaves {names}", done)
        for name in names:
            self.expect(".pub" in name or (place / name).stat().st_mode & 0o077 == 0,
                        f"{what}: others may read {name}", done)
        self.check_next_pair(place, generate, names, what)
        return True

    def check_next_pair(self, place, generate, names, what):
        """A pair that is there is refused, half of one by name; leftovers are gone, and a pair can be used."""
        if names != PAIR:
            done = self.run(generate)
            if names & PAIR:
                self.expect(done.returncode == CANNOT_WRITE and "error[cannot-write]" in done.stderr,
                            what + ", again", done)
            if names & PAIR == {"k.key"}:
                self.expect("without its public key" in done.stderr, what + ", half a pair", done)
                (place / "k.key").unlink()
                self.run(generate)
        signed = self.run(["sign", "plan", "--key", "place/k.key", "-o", "signature"])
        checked = self.run(["verify", "plan", "--key", "place/k.pub", "--signature", "signature"])
        self.expect(signed.returncode == 0 and checked.returncode == 0, what + ", the pair", checked)
        self.expect(set(os.listdir(place)) == PAIR, f"{what}, next run leaves {os.listdir(place)}", signed)

    def key_faults(self):
        generate = ["sign", "--generate", "place/k"]
        for call in CALLS:
            self.prepare(None, False)
            numbers = self.numbers(call, generate)
            for fault in self.faults_of(call):
                for number in numbers:
                    if not self.check_keys(call, fault, number):
                        break
        self.key_outputs(generate)
        for options in ["size=4096", "size=8192", "size=12288", "ro"]:
            with self.disk(options) as place:
                if place is None:
                    return
                done, what = self.run(generate), f"sign --generate, tmpfs with {options}"
                self.expect(set(os.listdir(place)) == (PAIR if done.returncode == 0 else set()), what, done)
                self.expect(done.returncode == 0 or done.returncode == CANNOT_WRITE and
                            "error[cannot-write]" in done.stderr, what, done)

    def key_outputs(self, generate):
        """Whatever stands where a key would, it is refused and left as it is."""
        for half in sorted(PAIR):
            for name in SPECIAL:
                place = self.prepare(None, False)
                self.make_special(name, place / half, place / "other")
                before = {entry: os.lstat(place / entry) for entry in os.listdir(place)}
                done = self.run(generate, ["timeout", "60"])
                self.counts["special outputs"] = self.counts.get("special outputs", 0) + 1
                what = f"sign --generate with a {name} as {half}"
                self.expect(done.returncode == CANNOT_WRITE and "error[cannot-write]" in done.stderr, what, done)
                after = {entry: os.lstat(place / entry) for entry in os.listdir(place)}
                self.expect(before.keys() == after.keys() and all(
                    before[entry].st_ino == after[entry].st_ino and before[entry].st_size == after[entry].st_size
                    for entry in before), f"{what} leaves {sorted(after)}", done)

    # Outputs that are no plain files.

    def make_special(self, name, out, other):
        if name in ("link", "hard link"):
            other.write_bytes(b"old")
        if name in ("link", "dangling link", "link to a pipe"):
            out.symlink_to("other")
        if name == "hard link":
            os.link(other, out)
        if name == "circle of links":
            out.symlink_to(out.name)
        if "pipe" in name:
            os.mkfifo(other if "link" in name else out)
        if name == "directory":
            out.mkdir()

    def outputs(self, command, complete):
        for name in SPECIAL:
            place = self.prepare(command, False)
            out, other = place / "out", place / "other"
            self.make_special(name, out, other)
            done = self.run(command.arguments, ["timeout", "60"])
            self.counts["special outputs"] = self.counts.get("special outputs", 0) + 1
            what = f"{command.name} into a {name}"
            if name in ("pipe", "link to a pipe", "directory", "circle of links"):
                self.expect(done.returncode == CANNOT_WRITE and "error[cannot-write]" in done.stderr, what, done)
            else:
                self.expect(done.returncode == 0 and out.read_bytes() == complete, what, done)
            if name in ("link", "dangling link"):
                self.expect(out.is_symlink() and other.read_bytes() == complete, what + " keeps the link", done)
            if name == "hard link":
                self.expect(other.read_bytes() == b"old", what + " leaves the other name alone", done)
            left = [entry for entry in os.listdir(place) if entry not in ("out", "other")]
            self.expect(not left, f"{what} leaves {left}", done)

    @contextlib.contextmanager
    def disk(self, options):
        """The place as a file system in memory; None where none can be mounted."""
        place = self.prepare(None, False)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True).returncode:
            print("note: file systems cannot be mounted here, so none is full or read-only")
            yield None
            return
        kind = "read-only directory" if options == "ro" else "full disk"
        self.counts[kind] = self.counts.get(kind, 0) + 1
        try:
            yield place
        finally:
            subprocess.run(["umount", place], check=True)

    def full_disks(self, command, complete):
        """File systems in memory that are too small, and one that cannot be written."""
        sizes = range(4096, len(complete) + 8192, 4096)
        for options in [f"size={size}" for size in (sizes if not self.short else sizes[:2])] + ["ro"]:
            with self.disk(options) as place:
                if place is None:
                    return
                done, what = self.run(command.arguments), f"{command.name}, tmpfs with {options}"
                if done.returncode == 0:
                    self.expect((place / "out").read_bytes() == complete, what, done)
                else:
                    self.expect(done.returncode == CANNOT_WRITE and "error[cannot-write]" in done.stderr, what, done)
                    self.expect(not os.listdir(place), f"{what} leaves {os.listdir(place)}", done)

    # All.

    def commands(self):
        model, base = str(MODEL), self.base
        self.make(["compile", model, "-o", "plan", *LITTLE])
        self.make(["calibrate", model, "-o", "stats", *LITTLE])
        self.make(["sign", "--generate", "k"])
        (base / "tokens").write_text("[[1, 2, 3], [4, 5, 6]]")
        (base / "text").write_text("To be or not to be, that is the question. " * 8)
        windows = ["--text", "text", "--window", "8", "--windows", "1", "--threads", "1"]
        commands = [
            Command("compile", ["compile", model, "-o", "place/out", "--stats", "stats", "--threads", "1"], 3),
            Command("compile and calibrate", ["compile", model, "-o", "place/out", *LITTLE], 12),
            Command("calibrate", ["calibrate", model, "-o", "place/out", *LITTLE], 3),
            Command("sign", ["sign", "plan", "--key", "k.key", "-o", "place/out"], 3),
            Command("logits", ["logits", "plan", "--tokens", "tokens", "-o", "place/out", "--threads", "1"]),
            Command("report", ["report", "plan", "--stats", "stats", "-o", "place/out"]),
            Command("ir dump", ["ir", "dump", model, "-o", "place/out"]),
            Command("eval --save-baseline", ["eval", "plan", "--save-baseline", "place/out", *windows]),
        ]
        parts = [["calibrate", model, "-o", f"part{number}", *LITTLE, "--part", f"{number}/2"] for number in (1, 2)]
        for part in parts:
            self.make(part)
        commands.append(Command("stats merge", ["stats", "merge", "part1", "part2", "-o", "place/out"], 3))
        return [command for command in commands if command.short_step or not self.short]

    def all(self):
        try:
            works = {command.name: lambda command=command: self.faults(command) for command in self.commands()}
            works["sign --generate"] = self.key_faults
            for name, work in works.items():
                if self.names and name not in self.names:
                    continue
                before = sum(self.counts.values())
                work()
                print(f"{name}: {sum(self.counts.values()) - before} faults", flush=True)
        finally:
            shutil.rmtree(self.base, ignore_errors=True)
        if not self.names and not self.taken_up:
            self.failures.append("no unfinished calibration was taken up again")
        parts = ", ".join(f"{count} {kind}" for kind, count in sorted(self.counts.items()))
        print(f"{sum(self.counts.values())} faults: {parts}; {self.taken_up} unfinished calibrations taken up again; "
              f"{len(self.failures)} failed")
        return not self.failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("command", nargs="*", help="commands to try, such as 'stats merge'; all unless given")
    options = parser.parse_intermixed_args()
    os.umask(0)  # what others may not read must be so by itself
    trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=fsync:error=EIO", "/bin/true"]
    if shutil.which("strace") is None or subprocess.run(trace, capture_output=True).returncode:
        sys.exit("crash_test.py: strace is missing, or may not trace here")
    sys.exit(0 if Test(os.path.abspath(options.program), options.short, options.command).all() else 1)


if __name__ == "__main__":
    main()
