# Writes the fixtures of this folder. Every numeric array counts 0, 1, 2, … in row-major order; `b1` alternates 0 and 1.
import pickle, sys
import numpy as np
tag = "numpy-" + np.__version__.split(".")[0]
x = np.arange(24).reshape(4, 2, 3)
arrays = {t: x.astype(t) for t in ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]}
arrays["b1"] = (x % 2).astype(bool)
arrays["big"] = x.astype(">f4")
arrays["bigi"] = x.astype(">i2")
arrays["columns"] = np.asfortranarray(x.astype("f8"))
arrays["vector"] = np.arange(4, dtype="i4")
arrays["names"] = np.array(["a", "öl", "", "long name"])
arrays["bytes"] = np.array([b"a", b"bc", b"", b"d"])
np.savez(f"{tag}.npz", **arrays, objects=np.array([{}, None], dtype=object))
np.savez_compressed(f"{tag}-compressed.npz", **arrays)
for p in (2, 3, 4, 5):
    d = {"train": {k: arrays[k] for k in ("f4", "columns", "big", "vector", "names")}, "test": {"f4": arrays["f4"]},
         "rows": [arrays["f4"][i] for i in range(4)], "numbers": [0, 1, 2], "floats": [0.0, 1.0, np.float64(2.0)], "scalar": np.float32(0.5),
         "texts": ["a", "b"], "objects": np.array([{}, None], dtype=object), "ragged": [np.zeros((2, 3), "f4"), np.zeros((3, 3), "f4")]}
    with open(f"{tag}-protocol-{p}.pkl", "wb") as f: pickle.dump(d, f, protocol=p)
if tag == "numpy-2":
    import h5py, scipy.io, ml_dtypes
    from numpy.lib import format as fmt
    np.save("c.npy", x.astype("f4")); np.save("columns.npy", np.asfortranarray(x.astype(">f8"))); np.save("bfloat16.npy", x.astype(ml_dtypes.bfloat16))
    for v in ((2, 0), (3, 0)):
        with open(f"version-{v[0]}.npy", "wb") as f: fmt.write_array(f, x.astype("i4"), version=v)
    np.save("objects.npy", np.array([{}, 1], dtype=object)); np.save("records.npy", np.zeros(2, dtype=[("a", "f4"), ("b", "i4")]))
    np.save("names.npy", arrays["names"])
    with h5py.File("h5py.h5", "w") as f:
        for k, a in arrays.items():
            if k not in ("names", "bytes", "columns"): f[k] = a
        f.create_dataset("chunked", data=x.astype("f4"), chunks=(2, 2, 3), compression="gzip", shuffle=True)
        f.create_dataset("chunkedbig", data=x.astype(">i4"), chunks=(1, 1, 3), compression="gzip")
        f["names"] = ["a", "öl", "", "long name"]
        f["bytes"] = arrays["bytes"]
        f["complex"] = np.zeros(2, "c8")
        f["outside"] = h5py.ExternalLink("/etc/passwd", "/x")
        for i in range(4): f[f"samples/s{i}/f4"] = arrays["f4"][i]
    scipy.io.savemat("scipy.mat", {**{k: a for k, a in arrays.items() if k not in ("f2", "bytes", "names")}, "names": np.array(["ab", "c"]), "structure": {"a": 1}, "complex": np.zeros((1, 2), "c16")})
    scipy.io.savemat("scipy-compressed.mat", {k: a for k, a in arrays.items() if k in ("f8", "i2", "b1")}, do_compression=True)
    # A group for each sample: `steps` differ in length, the last sample lacks `other`.
    samples = {f"s{i}": {"x": arrays["f4"][i], "steps": arrays["f4"][i][: 1 + i % 2], "label": i % 2, "domain": np.str_("ab"[i // 2]), "both": arrays["f4"][i, 0, :2],
                         **({"other": np.float32(i)} if i < 3 else {})} for i in range(4)}
    with open("samples.pkl", "wb") as f: pickle.dump(samples, f, protocol=4)
    with open("sequences.pkl", "wb") as f:
        pickle.dump({"steps": [arrays["f4"][i][: 1 + i % 2] for i in range(4)], "label": [0, 1, 0, 1], "domain": ["a", "a", "b", "b"], "id": list("wxyz")}, f, protocol=4)
    with h5py.File("samples.h5", "w") as f:
        for name, sample in samples.items():
            for k, a in sample.items(): f[f"{name}/{k}"] = str(a) if k == "domain" else a
    with h5py.File("lzf.h5", "w") as f:
        f.create_dataset("zeros", data=np.zeros((4, 50), "f4"), compression="lzf")
    import pandas
    pandas.DataFrame({"a": [1.0, 2.0]}).to_pickle("frame.pkl")
# 80 MiB of zeros, compressed three times over, and rows that were never written: 7 KB that claim to be terabytes.
if tag == "numpy-2":
    with h5py.File("expands.h5", "w") as file:
        zeros = np.zeros((20480, 1024), "f4")
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk(zeros.shape)
        for _ in range(3):
            properties.set_deflate(9)
        data = h5py.h5d.create(file.id, b"zeros", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple(zeros.shape), dcpl=properties)
        data.write(h5py.h5s.ALL, h5py.h5s.ALL, zeros)
        file.create_dataset("unwritten", shape=(1 << 40, 8), chunks=(1024, 8), dtype="f4")
        file["video"] = np.arange(12, dtype="f4").reshape(4, 3)
        file["labels"], file["domains"] = [0, 1, 0, 1], [0, 0, 1, 1]
