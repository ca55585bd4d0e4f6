"""Makes the files of this folder: python3 make.py, with PyTorch 1.13 (Debian's python3-torch 1.13.1+dfsg-4)."""
import collections
import json
import os
import struct
import zipfile

import torch


class Harm:
    def __reduce__(self):
        return os.system, ("touch chaku-harm",)


def raw(tensor):
    tensor = tensor.detach().contiguous()
    if tensor.dtype == torch.bfloat16:
        tensor = tensor.view(torch.int16)
    return tensor.numpy().tobytes().hex()


def views():
    base = torch.linspace(-3, 3, 24).reshape(4, 6)
    cube = torch.arange(24, dtype=torch.float16).reshape(2, 3, 4)
    tied = torch.randn(3, 5, generator=torch.Generator().manual_seed(1))
    return collections.OrderedDict(
        whole=base,
        transposed=base.t(),
        rows=base[1:3],
        columns=base[:, 2:5],
        every_other=base[::2, 1::3],
        one_row_of_columns=base[1:2, 3:4],
        permuted=cube.permute(2, 0, 1),
        swapped=cube.transpose(0, 2)[1:, :, 1:],
        bfloat=torch.linspace(-1, 1, 9).reshape(3, 3).to(torch.bfloat16).t(),
        scalar=torch.tensor(2.5),
        empty=torch.zeros(0, 3),
        vector=torch.arange(5, dtype=torch.float32)[::2],
        tied_a=tied,
        tied_b=tied,
        parameter=torch.nn.Parameter(base[0]),
        double=torch.linspace(0, 1, 4, dtype=torch.float64).reshape(2, 2).t(),
        long=torch.tensor([1, -(2 ** 40)]),
        int=torch.tensor([7], dtype=torch.int32),
        short=torch.tensor([-7], dtype=torch.int16),
        char=torch.tensor([-1], dtype=torch.int8),
        byte=torch.tensor([255], dtype=torch.uint8),
        bool=torch.tensor([True, False]),
        complex=torch.tensor([1 + 2j], dtype=torch.complex64),
    )


def large_numbers(source, target):
    zipfile.ZIP64_LIMIT = 100
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name), old.read(name))
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target) as new:
        assert all(old.read(name) == new.read(name) for name in old.namelist())


def from_safetensors(source):
    with open(source, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = bytearray(file.read())
    return {name: torch.frombuffer(data, dtype=torch.float32)[entry["data_offsets"][0] // 4:entry["data_offsets"][1] // 4]
            .reshape(entry["shape"]).clone() for name, entry in header.items() if name != "__metadata__"}


tensors = views()
types = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float64: "F64", torch.int64: "I64",
         torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
         torch.complex64: "C64"}
with open("views.json", "w") as file:
    json.dump({name: {"type": types[tensor.dtype], "shape": list(tensor.shape), "bytes": raw(tensor)}
               for name, tensor in tensors.items()}, file, indent=1)
for protocol in range(2, 6):
    torch.save(tensors, f"views.{protocol}.pt", pickle_protocol=protocol)
large_numbers("views.2.pt", "views.zip64.pt")
torch.manual_seed(0)
module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.LayerNorm(2))
torch.save(module.state_dict(), "module.bin")
torch.save(torch.ones(2, 3), "alone.pth")
line = torch.arange(1010, dtype=torch.float32)
torch.save({str(i): line[i] for i in range(1010)}, "many.pt")

torch.save(from_safetensors("../oracle/peft/llama-gqa/adapter_model.safetensors"), "adapter_model.bin")

refused = {
    "harm": {"a": torch.zeros(1), "b": Harm()},
    "eval": {"a": eval},
    "nested": {"model": {"a": torch.zeros(1)}, "epoch": 3},
    "numbers": [torch.zeros(1)],
    "expanded": {"a": torch.zeros(1).expand(1000, 1000)},
    "sparse": {"a": torch.eye(2).to_sparse()},
    "quantised": {"a": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)},
    "module": module,
}
for name, value in refused.items():
    torch.save(value, f"refused.{name}.pt")
torch.save({"a": torch.zeros(1)}, "refused.legacy.pt", _use_new_zipfile_serialization=False)
torch.save({"a": torch.zeros(1)}, "refused.protocol1.pt", pickle_protocol=1)
torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), "refused.script.pt")
