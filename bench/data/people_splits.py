"""Committed splits of people: who is seen and who comes later, of every dataset whose annotators are told apart.

Such a split follows from the data and a seed (`annotator_splits.split_annotators`), so a manifest holds the rule, the
fingerprint of the data, and for every seed one hash of each part's people.
`python -m bench.data.people_splits` writes the manifests again of the datasets that the data directory has.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from bench.data import dsp, jester, splits, ukp_workers, vpl_hh
from bench.data.annotated import Annotated
from bench.data.annotator_splits import People, split_annotators
from bench.data.fingerprint import sha256_rows
from bench.errors import UserError, unknown
from bench.paths import data_dir

FOLDER = splits.FOLDER / "annotators"
UNSEEN = 0.3  # of the people
MEMBERS = 20  # of a group whose comparisons are dealt out
SEEDS = (0, 1, 2, 3, 4)

LOADERS: Mapping[str, Callable[[Path], Annotated]] = {
    ukp_workers.NAME: ukp_workers.load,
    jester.NAME: jester.load,
    vpl_hh.NAME: partial(vpl_hh.load, members=MEMBERS),
    dsp.NAME: partial(dsp.load, members=MEMBERS),
}


def names() -> list[str]:
    """The datasets that have a manifest."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def read(name: str) -> dict[str, Any]:
    """The manifest as it is committed. Raises UserError for a name without one."""
    path = FOLDER / f"{name}.json"
    if not path.is_file():
        raise unknown("split of people", name, names())
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return manifest


def load(name: str, data: Annotated, seed: int) -> People:
    """The committed split of the people of `data`, which `LOADERS[name]` gives.

    Raises UserError for a name or a seed without a manifest, for other data than it was made of, and for a manifest
    that contradicts its hashes.
    """
    manifest = read(name)
    if "seeds" not in manifest:
        raise UserError(f"the people of {name} are listed by its own loader: use bench.data.{name}")
    if str(seed) not in manifest["seeds"]:
        raise unknown("seed", str(seed), manifest["seeds"], f"split of the people of {name}")
    if data.fingerprint != manifest["fingerprint"]:
        raise UserError(
            f"the split of the people of {name} was made for other data: expected fingerprint "
            f"{manifest['fingerprint']}, found {data.fingerprint}"
        )
    people = split_annotators(data, manifest["unseen"], seed)
    if (found := _hashes(people)) != manifest["seeds"][str(seed)]:
        raise UserError(f"{FOLDER / name}.json, seed {seed}: people hash to {found}, the manifest says otherwise")
    return people


def parts(name: str, seed: int | None = None) -> dict[str, dict[str, Any]]:
    """Size and hash of the seen and of the unseen people as they are committed; without a seed, of the first draw.

    Raises UserError for a name or a seed without a manifest. Whether the data's people have these hashes is not looked
    at: `load` does.
    """
    manifest = read(name)
    if "seeds" not in manifest:
        if seed is not None:
            raise UserError(f"the people of {name} are published ones: the split takes no seed")
        people = People(tuple(manifest["seen"]), tuple(itertools.chain(*manifest["unseen"].values())))
        sizes, hashes = {"seen": len(people.seen), "unseen": len(people.unseen)}, _hashes(people)
    else:
        chosen = next(iter(manifest["seeds"])) if seed is None else str(seed)
        if chosen not in manifest["seeds"]:
            raise unknown("seed", chosen, manifest["seeds"], f"split of the people of {name}")
        sizes, hashes = manifest["sizes"], manifest["seeds"][chosen]
    return {part: {"size": sizes[part], "sha256": hashes[part]} for part in ("seen", "unseen")}


def make(name: str, data: Annotated) -> dict[str, Any]:
    """The manifest of a dataset."""
    draws = {seed: split_annotators(data, UNSEEN, seed) for seed in SEEDS}
    first = draws[SEEDS[0]]
    return {
        "dataset": name,
        "fingerprint": data.fingerprint,
        "comparisons": len(data),
        "unseen": UNSEEN,
        "sizes": {"seen": len(first.seen), "unseen": len(first.unseen)},
        "seeds": {str(seed): _hashes(people) for seed, people in draws.items()},
    }


def _hashes(people: People) -> dict[str, str]:
    return {"seen": sha256_rows(people.seen), "unseen": sha256_rows(people.unseen)}


def main() -> None:
    """Write the manifests that can be made here, and say which."""
    if (folder := data_dir()) is None:
        raise UserError("splits of people need the data: name their directory with PREFBENCH_DATA")
    for name, loader in LOADERS.items():
        path = FOLDER / f"{name}.json"
        path.write_text(json.dumps(make(name, loader(folder)), indent=1) + "\n", encoding="utf-8")
        print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
