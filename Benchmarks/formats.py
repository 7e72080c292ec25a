"""Whether every format that the usual Python libraries write trains to the same bits as safetensors.

    python formats.py --regulus path/to/regulus --python one/bin/python --python another/bin/python

Each `--python` writes one small data set in every format and type that its libraries have (NumPy, pandas, h5py, SciPy, PyTorch;
those that are absent are left out), and `regulus run` trains the same small study from each file. The weights that a file leads to
have to be those of the safetensors file with the same values, to the bit; files that are refused have to be refused with the words
that say what to do. Ends with code 1 where anything differs.
"""

import argparse
import hashlib
import json
import pickle
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from arrays_file import head

ROWS = 48
CLASSES = ["close", "open", "pour"]
DOMAINS = ["kitchen", "office", "street"]


# What is written --------------------------------------------------------------------------------------------------------------


def values(kind):
    """Two modalities of numbers that the types of this kind hold exactly, as float64."""
    import numpy as np

    random = np.random.default_rng(7)
    labels = np.arange(ROWS) % 3
    shapes = {"motion": (6, 4), "sound": (10,)}
    made = {}
    for name, shape in shapes.items():
        noise = random.normal(size=(ROWS, *shape)) + labels.reshape(-1, *[1] * len(shape))
        if kind == "real":
            made[name] = noise.astype("f4").astype("f8")
        elif kind == "coarse":  # few bits: half precision and bfloat16
            made[name] = np.clip(np.round(noise * 8), -120, 120) / 8
        elif kind == "whole":
            made[name] = np.clip(np.round(noise * 10 + 40), 0, 120)
        else:
            made[name] = (noise > 0.5).astype("f8")
    return made, labels, np.arange(ROWS) // 3 % 3


def write_safetensors(path, arrays):
    """The format is simple enough to be written without its library, which is then no part of the comparison."""
    names = {"float32": "F32", "int32": "I32"}
    shapes = {key: (names[array.dtype.name], array.shape) for key, array in arrays.items()}
    path.write_bytes(head(shapes) + b"".join(array.tobytes() for array in arrays.values()))


def write(folder):
    """Writes everything below `folder`, and `cases.json`: for each case its `data` section, and the kind of its values or the words
    that its refusal has to hold."""
    import numpy as np

    folder.mkdir(parents=True, exist_ok=True)
    cases = []
    kinds = {kind: values(kind) for kind in ("real", "coarse", "whole", "truth")}
    types = {
        "real": ["<f4", "<f8", ">f4", ">f8"], "coarse": ["<f2", ">f2"], "truth": ["?"],
        "whole": ["i1", "u1", "<i2", ">i2", "<u2", "<i4", ">i4", "<u4", "<i8", ">i8", "<u8"],
    }
    typed = [(kind, type) for kind, names in types.items() for type in names]

    def slug(type):
        return type.replace("<", "").replace(">", "big-").replace("?", "bool")

    def case(name, kind, path, **options):
        data = {"use": "arrays", "modalities": ["motion", "sound"], **options}
        if path is not None:
            data["path"] = str(folder / path)
        cases.append({"name": name, "kind": kind, "data": data})

    def refused(name, path, words, **options):
        case(name, None, path, **options)
        cases[-1]["words"] = words

    def arrays(kind, type="<f4"):
        made, labels, domains = kinds[kind]
        return {**{key: array.astype(type) for key, array in made.items()}, "labels": labels.astype("i4"), "domains": domains.astype("i4")}

    names = {"class-names": CLASSES, "domain-names": DOMAINS}
    label_names = np.array([CLASSES[i] for i in kinds["real"][1]])
    domain_names = np.array([DOMAINS[i] for i in kinds["real"][2]])
    for kind in kinds:
        write_safetensors(folder / f"{kind}.safetensors", arrays(kind))
        case("safetensors", kind, f"{kind}.safetensors", **names)
    write_safetensors(folder / "split.safetensors", {**arrays("real"), "split": np.repeat([0, 1, 2], [30, 6, 12]).astype("i4")})
    case("safetensors", "split", "split.safetensors", split="split", **names)

    # NumPy
    for kind, type in typed:
        np.savez(folder / f"{slug(type)}.npz", **arrays(kind, type))
        np.savez_compressed(folder / f"deflated-{slug(type)}.npz", **arrays(kind, type))
        case(f"npz {type}", kind, f"{slug(type)}.npz", **names)
        case(f"npz {type} deflated", kind, f"deflated-{slug(type)}.npz", **names)
    fortran = {key: np.asfortranarray(array) for key, array in arrays("real", "<f8").items()}
    np.savez(folder / "fortran.npz", **fortran)
    case("npz, Fortran order", "real", "fortran.npz", **names)
    np.savez(folder / "names.npz", **{**arrays("real"), "labels": label_names, "domains": domain_names})
    case("npz, names as labels", "real", "names.npz")
    np.savez(folder / "bytes.npz", **{**arrays("real"), "labels": label_names.astype("S"), "domains": domain_names.astype("S")})
    case("npz, bytes as labels", "real", "bytes.npz")
    for order in ("C", "F"):
        (folder / f"npy-{order}").mkdir(exist_ok=True)
        for key, array in arrays("real").items():
            np.save(folder / f"npy-{order}" / f"{key}.npy", np.asarray(array, order=order))
        case(f"folder of npy, {order} order", "real", f"npy-{order}", **names)
    np.savez(folder / "objects.npz", **{**arrays("real"), "motion": np.array([{}] * ROWS, dtype=object)})
    refused("npz of objects", "objects.npz", ["motion", "Python objects", "asarray"], **names)

    # Pickles
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        whole = arrays("real")
        forms = {
            "dictionary": whole,
            "Fortran": {key: np.asfortranarray(array) for key, array in whole.items()},
            "lists of arrays": {**{key: list(whole[key]) for key in ("motion", "sound")}, "labels": whole["labels"].tolist(), "domains": domain_names.tolist()},
            "big-endian": {**whole, **{key: whole[key].astype(">f4") for key in ("motion", "sound")}},
        }
        for form, content in forms.items():
            path = f"{form.replace(' ', '-')}-{protocol}.pkl"
            with open(folder / path, "wb") as file:
                pickle.dump(content, file, protocol=protocol)
            options = {"class-names": CLASSES} if form == "lists of arrays" else names
            case(f"pickle, {form}, protocol {protocol}", "real", path, **options)
        # Parts of one dictionary are read in the order train, valid, test; these rows are in that order already.
        cuts = {"train": slice(0, 30), "valid": slice(30, 36), "test": slice(36, ROWS)}
        with open(folder / f"nested-{protocol}.pkl", "wb") as file:
            pickle.dump({part: {key: array[cut] for key, array in whole.items()} for part, cut in cuts.items()}, file, protocol=protocol)
        case(f"pickle, split and key, protocol {protocol}", "split", f"nested-{protocol}.pkl", **names)
    samples = {
        f"clip-{row:02}": {"motion": arrays("real")["motion"][row], "sound": arrays("real")["sound"][row], "labels": int(kinds["real"][1][row]),
                           "domains": str(domain_names[row])} for row in range(ROWS)
    }
    with open(folder / "samples.pkl", "wb") as file:
        pickle.dump(samples, file)
    case("pickle, a dictionary for each sample", "real", "samples.pkl", **{"class-names": CLASSES})

    # A table of pandas, with a file for each sample, with rows, and with ids in another order
    try:
        import pandas
    except ImportError:
        pandas = None
    if pandas is not None:
        (folder / "clips").mkdir(exist_ok=True)
        ids = [f"clip-{row:02}" for row in range(ROWS)]
        for row, name in enumerate(ids):
            np.save(folder / "clips" / f"{name}_motion.npy", arrays("real")["motion"][row])
            np.save(folder / "clips" / f"{name}_sound.npy", arrays("real")["sound"][row])
        table = pandas.DataFrame({"id": ids, "label": label_names, "domain": domain_names})
        table.assign(
            motion=[f"clips/{name}_motion.npy" for name in ids], sound=[f"clips/{name}_sound.npy" for name in ids]
        ).to_csv(folder / "paths.csv", index=False)
        case("CSV of pandas, a file for each sample", "real", None, manifest=str(folder / "paths.csv"))
        table.assign(motion=range(ROWS), sound=range(ROWS)).to_csv(folder / "rows.csv", index=False)
        case("CSV of pandas, rows", "real", "f4.npz", manifest=str(folder / "rows.csv"))
        order = np.random.default_rng(1).permutation(ROWS)
        np.savez(folder / "shuffled.npz", **{key: array[order] for key, array in arrays("real").items()}, ids=np.array(ids)[order])
        table.to_csv(folder / "ids.csv", index=False)
        case("CSV of pandas, ids in another order", "real", "shuffled.npz", manifest=str(folder / "ids.csv"))
        table.assign(motion=[f"groups.h5:{name}.motion" for name in ids], sound=[f"groups.h5:{name}.sound" for name in ids]).to_csv(
            folder / "groups.csv", index=False)
        table.to_pickle(folder / "frame.pkl")
        refused("pickle of a pandas frame", "frame.pkl", ["pandas", "to_csv"])
        with open(folder / "frames.pkl", "wb") as file:
            pickle.dump({**arrays("real"), "motion": pandas.DataFrame(arrays("real")["sound"])}, file)
        refused("pickle with a pandas frame in it", "frames.pkl", ["motion", "pandas", "to_numpy"], **names)

    # HDF5
    try:
        import h5py
    except ImportError:
        h5py = None
    if h5py is not None:
        for kind, type in typed:
            with h5py.File(folder / f"{slug(type)}.h5", "w") as file:
                for key, array in arrays(kind, type).items():
                    file[key] = array
            case(f"HDF5 {type}", kind, f"{slug(type)}.h5", **names)
        forms = {
            "chunked": {"chunks": True}, "gzip": {"chunks": True, "compression": "gzip"}, "fletcher": {"chunks": True, "fletcher32": True},
            "gzip and shuffle": {"chunks": True, "compression": "gzip", "shuffle": True, "compression_opts": 9},
        }
        for form, options in forms.items():
            path = f"{form.replace(' ', '-')}.h5"
            with h5py.File(folder / path, "w") as file:
                for key, array in arrays("real").items():
                    file.create_dataset(key, data=array, **options)
            case(f"HDF5, {form}", "real", path, **names)
        for form, kind in {"fixed": "S12", "of any length": h5py.string_dtype()}.items():
            path = f"texts-{form.replace(' ', '-')}.h5"
            with h5py.File(folder / path, "w", libver="latest") as file:
                for key, array in arrays("real").items():
                    text = {"labels": label_names, "domains": domain_names}.get(key)
                    if text is not None:
                        text = text.astype(kind)
                    file.create_dataset(f"features/{key}", data=array if text is None else text)
            case(
                f"HDF5, newest version, in a group, strings {form}", "real", path, modalities=["motion=features.motion", "sound=features.sound"],
                labels="features.labels", domains="features.domains")
        with h5py.File(folder / "groups.h5", "w") as file:
            for name, sample in samples.items():
                for key, value in sample.items():
                    file[f"{name}/{key}"] = value
        case("HDF5, a group for each sample", "real", "groups.h5", **{"class-names": CLASSES})
        if pandas is not None:
            case("CSV of pandas, a group of HDF5 for each sample", "real", None, manifest=str(folder / "groups.csv"))
        with h5py.File(folder / "lzf.h5", "w") as file:
            for key, array in arrays("real").items():
                # Chunks that cannot be made smaller are stored as they are, and are read.
                file.create_dataset(key, data=array * 0 if key == "motion" else array, compression="lzf" if key == "motion" else None)
                file.create_dataset(f"noise/{key}", data=array, compression="lzf" if key == "motion" else None)
        refused("HDF5, lzf", "lzf.h5", ["motion", "lzf", "gzip"], **names)
        case(
            "HDF5, lzf of noise", "real", "lzf.h5", modalities=["motion=noise.motion", "sound=noise.sound"], labels="noise.labels",
            domains="noise.domains", **names)

    # MATLAB
    try:
        import scipy.io
    except ImportError:
        scipy = None
    if "scipy" in sys.modules and scipy is not None:
        for compressed in (False, True):
            word = ", compressed" if compressed else ""
            for kind, type in typed:
                if "f2" in type or type == "?":
                    continue
                path = f"{slug(type)}{'-compressed' if compressed else ''}.mat"
                scipy.io.savemat(folder / path, arrays(kind, type), do_compression=compressed)
                case(f"MATLAB {type}{word}", kind, path, **names)
            path = f"texts{'-compressed' if compressed else ''}.mat"
            scipy.io.savemat(folder / path, {**arrays("real"), "labels": label_names, "domains": domain_names}, do_compression=compressed)
            case(f"MATLAB, texts{word}", "real", path)

    # PyTorch
    try:
        import torch
    except ImportError:
        torch = None
    if torch is not None:
        tensors = {
            "float32": "real", "float64": "real", "float16": "coarse", "bfloat16": "coarse", "uint8": "whole", "int8": "whole", "int16": "whole",
            "int32": "whole", "int64": "whole", "bool": "truth",
        }
        for zipped in (True, False):
            for name, kind in tensors.items():
                content = {key: torch.from_numpy(array) for key, array in arrays(kind, "<f8").items()}
                for key in ("motion", "sound"):
                    content[key] = content[key].to(getattr(torch, name))
                path = f"{name}.{'pt' if zipped else 'pth'}"
                torch.save(content, folder / path, _use_new_zipfile_serialization=zipped)
                case(f"PyTorch {name}, {'zip' if zipped else 'older format'}", kind, path, **names)
            path = f"views-{zipped}.pt"
            content = {key: torch.from_numpy(array) for key, array in arrays("real").items()}
            content["motion"] = content["motion"].transpose(1, 2).contiguous().transpose(1, 2)
            content["sound"] = list(content["sound"])
            torch.save(content, folder / path, _use_new_zipfile_serialization=zipped)
            case(f"PyTorch, views and lists, {'zip' if zipped else 'older format'}", "real", path, **names)

    (folder / "cases.json").write_text(json.dumps(cases))


# What is trained --------------------------------------------------------------------------------------------------------------

STUDY = {
    "name": "formats",
    "model": {
        "encoders": {"motion": {"use": "series-resnet", "width": 4, "embedding": 6}, "sound": {"use": "vector-mlp", "hidden": [8], "embedding": 6}},
        "fusion": {"use": "late", "hidden": 8},
    },
    "training": {"epochs": 2, "batch": 8, "batching": "shuffled", "optimizer": {"use": "adam", "learning-rate": 0.01}},
    "evaluation": {"domains": ["street"]}, "seeds": [1], "rows": ["Fusion"],
}


def digest(run):
    """The digest of the weights: what stands behind the header of the one checkpoint."""
    checkpoints = sorted(run.rglob("*.safetensors"))
    if len(checkpoints) != 1:
        return f"{len(checkpoints)} checkpoints"
    content = checkpoints[0].read_bytes()
    return hashlib.sha256(content[8 + struct.unpack("<Q", content[:8])[0]:]).hexdigest()


def train(regulus, data, folder):
    """The digest of the trained weights; or the code and the words with which the run was refused."""
    folder.mkdir(parents=True)
    recipe = folder / "recipe.yaml"
    recipe.write_text(json.dumps({**STUDY, "data": data}))
    done = subprocess.run(
        [regulus, "run", recipe, "--out", folder / "run", "--threads", "1"], capture_output=True, text=True, check=False)
    return (digest(folder / "run"), "") if done.returncode == 0 else (f"code {done.returncode}", done.stderr.strip())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--regulus")
    parser.add_argument("--python", action="append", default=[], help="writes the files; may be repeated")
    parser.add_argument("--only", default="", help="cases whose names match this pattern")
    parser.add_argument("--keep", type=Path, help="a folder that does not exist, for the files and runs")
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        write(options.write)
        return 0
    if not options.regulus:
        parser.error("--regulus is needed")
    temporary = tempfile.TemporaryDirectory()
    folder = (options.keep or Path(temporary.name)).resolve()
    wrong = trained = 0
    for number, python in enumerate(options.python or [sys.executable]):
        place = folder / str(number)
        subprocess.run([python, __file__, "--write", place], check=True)
        listed = "import sys, importlib.metadata as m\nfor n in ('numpy', 'pandas', 'h5py', 'scipy', 'torch'):\n try: print(n, m.version(n), end='  ')\n except m.PackageNotFoundError: pass"
        print(f"{python}: {subprocess.run([python, '-c', listed], capture_output=True, text=True, check=True).stdout}", flush=True)
        references = {}
        for index, case in enumerate(json.loads((place / "cases.json").read_text())):
            is_reference = case["name"] == "safetensors"
            if not is_reference and not re.search(options.only, case["name"]):
                continue
            found, words = train(options.regulus, case["data"], place / "runs" / str(index))
            trained += 1
            if is_reference:
                references[case["kind"]] = found
                right = not words
            elif case["kind"] is None:
                right = found == "code 2" and all(word in words for word in case["words"])
            else:
                right = found == references[case["kind"]] and not words
            wrong += not right
            if not right or case["kind"] is None:
                print(f"  {'refused as it should be' if right else 'DIFFERS'}: {case['name']}: {found} {words}", flush=True)
    print(f"{trained} files, {wrong} of them not as they should be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
