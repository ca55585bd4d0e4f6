"""A LoRA step in PyTorch, as a peer: answers each line of JSON on standard input with a line of JSON.

The model is a Llama of the asked-for shape with random float32 weights, all of them frozen, and an adapter of a rank on
every linear layer but the output head. A step is forward, loss, backward, clipping and AdamW on the adapter.

PyTorch's OpenMP threads and OpenBLAS's own threads take turns. Unless the environment says otherwise, the former do not
spin while they wait: where a processor is busy with something else, that is up to forty times faster.
"""

import json
import math
import os
import platform
import resource
import sys
import time

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import torch
import torch.nn.functional as F

IGNORED = -100


class RmsNorm(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(width), requires_grad=False)

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.weight


class LoraLinear(torch.nn.Module):
    """y = x Wᵀ + s (x Aᵀ) Bᵀ, where only A and B are trained."""

    def __init__(self, width, out, rank):
        super().__init__()
        self.weight = frozen(out, width)
        self.a = torch.nn.Parameter(torch.empty(rank, width).uniform_(-1 / math.sqrt(width), 1 / math.sqrt(width)))
        self.b = torch.nn.Parameter(torch.zeros(out, rank))

    def forward(self, x):
        return F.linear(x, self.weight) + 2 * F.linear(F.linear(x, self.a), self.b)


class Layer(torch.nn.Module):
    def __init__(self, shape, rank):
        super().__init__()
        hidden, inner = shape["hidden"], shape["inner"]
        self.heads, self.kv_heads = shape["heads"], shape["kv_heads"]
        self.size = hidden // self.heads
        kv = self.kv_heads * self.size
        self.attention_norm, self.feed_norm = RmsNorm(hidden), RmsNorm(hidden)
        self.q, self.k = LoraLinear(hidden, hidden, rank), LoraLinear(hidden, kv, rank)
        self.v, self.o = LoraLinear(hidden, kv, rank), LoraLinear(hidden, hidden, rank)
        self.gate, self.up = LoraLinear(hidden, inner, rank), LoraLinear(hidden, inner, rank)
        self.down = LoraLinear(inner, hidden, rank)

    def forward(self, x, cos, sin):
        batch, length, hidden = x.shape
        n = self.attention_norm(x)
        q = rotate(self.q(n).view(batch, length, self.heads, self.size).transpose(1, 2), cos, sin)
        k = rotate(self.k(n).view(batch, length, self.kv_heads, self.size).transpose(1, 2), cos, sin)
        v = self.v(n).view(batch, length, self.kv_heads, self.size).transpose(1, 2)
        shared = self.heads // self.kv_heads
        k, v = k.repeat_interleave(shared, dim=1), v.repeat_interleave(shared, dim=1)
        y = attend(q, k, v)
        x = x + self.o(y.transpose(1, 2).reshape(batch, length, hidden))
        n = self.feed_norm(x)
        return x + self.down(F.silu(self.gate(n)) * self.up(n))


class Llama(torch.nn.Module):
    def __init__(self, shape, rank):
        super().__init__()
        self.embedding = frozen(shape["vocabulary"], shape["hidden"])
        self.layers = torch.nn.ModuleList(Layer(shape, rank) for _ in range(shape["layers"]))
        self.norm = RmsNorm(shape["hidden"])
        self.head = frozen(shape["vocabulary"], shape["hidden"])
        self.size = shape["hidden"] // shape["heads"]

    def forward(self, tokens):
        x = F.embedding(tokens, self.embedding)
        frequencies = 10000 ** (-torch.arange(0, self.size, 2, dtype=torch.float32) / self.size)
        angles = torch.outer(torch.arange(tokens.shape[1], dtype=torch.float32), frequencies)
        cos, sin = angles.cos().repeat(1, 2), angles.sin().repeat(1, 2)
        for layer in self.layers:
            x = layer(x, cos, sin)
        return F.linear(self.norm(x), self.head)


def attend(q, k, v):
    """Causal attention: PyTorch's own kernel where this version has one."""
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    length = q.shape[-2]
    later = torch.ones(length, length, dtype=torch.bool).triu(1)
    scores = (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).masked_fill(later, -math.inf)
    return scores.softmax(-1) @ v


def frozen(rows, columns):
    limit = math.sqrt(3 / columns)
    return torch.nn.Parameter(torch.empty(rows, columns).uniform_(-limit, limit), requires_grad=False)


def rotate(x, cos, sin):
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


def blas():
    """Which library multiplies: Debian's PyTorch takes the one that the system names."""
    try:
        with open("/proc/self/maps", encoding="utf-8") as maps:
            names = {line.split("/")[-1].strip() for line in maps if "/" in line}
            folders = {line.split("/")[-2] for line in maps if "blas" in line}
    except OSError:
        return "an unknown BLAS"
    known = [name for name in ("openblas", "mkl_core", "blis") if any(name in file for file in names | folders)]
    return known[0] if known else "a plain BLAS, which is no peer"


class Trainer:
    def open(self, question):
        torch.manual_seed(0)
        torch.set_num_threads(question["threads"])
        self.model = Llama(question["shape"], question["rank"])
        self.trained = [weight for weight in self.model.parameters() if weight.requires_grad]
        self.optimiser = torch.optim.AdamW(self.trained, lr=2e-4)
        return {
            "version": f"PyTorch {torch.__version__}, {blas()}, Python {platform.python_version()}",
            "parameters": sum(weight.numel() for weight in self.trained),
        }

    def step(self, question):
        """One step on a batch of sequences, padded to the longest of them."""
        length = max(len(tokens) for tokens in question["tokens"])
        tokens = torch.zeros(len(question["tokens"]), length, dtype=torch.long)
        labels = torch.full_like(tokens, IGNORED)
        for row, (ids, trained) in enumerate(zip(question["tokens"], question["trained"])):
            tokens[row, : len(ids)] = torch.tensor(ids)
            wanted = [token if learnt else IGNORED for token, learnt in zip(ids, trained)]
            labels[row, : len(ids)] = torch.tensor(wanted)

        start = time.perf_counter()
        logits = self.model(tokens)
        flat = logits[:, :-1].reshape(-1, logits.shape[-1])
        loss = F.cross_entropy(flat, labels[:, 1:].reshape(-1), ignore_index=IGNORED)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.trained, 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        return {"seconds": time.perf_counter() - start, "loss": loss.item()}

    def peak(self, _):
        """The most memory that the process has held."""
        return {"bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}


def main():
    trainer = Trainer()
    for line in sys.stdin:
        try:
            question = json.loads(line)
            answer = getattr(trainer, question["op"])(question)
        except Exception as exception:  # The question's asker is told, whatever it was.
            answer = {"error": f"{type(exception).__name__}: {exception}"}
        print(json.dumps(answer), flush=True)


main()
