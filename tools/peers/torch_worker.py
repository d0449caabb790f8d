"""The training step in PyTorch: fused Adam, eager and compiled, on the CPU or by CUDA.

Forms: eager, compiled, graph (CUDA graphs; on a GPU only), and for the penalties the same with
-foreach: their gradients are added to the others' by a multi-tensor operation instead of
autograd. l2-decay is L2 as Adam's weight_decay, whose gradient is the same, but whose penalty is
missing in the loss. dropout-drawn is dropout without torch.nn.Dropout: one call draws the masks of
all layers."""

import os
import sys

os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"  # compile in this process, which can be paused

import torch
import torch.nn.functional as F

from worker import DROPOUT, INPUTS, L1, L2, OUTPUTS, Network, now, serve

DEVICE = sys.argv[1]  # cpu or cuda
NETWORK = Network(sys.argv[2:])


class DrawnDropout(torch.nn.Module):
    mask = None  # the step's

    def forward(self, x):
        return x * self.mask


DROPOUTS = {"dropout": lambda: torch.nn.Dropout(DROPOUT), "dropout-drawn": DrawnDropout}


def layers(technique):
    width = INPUTS
    for _ in range(NETWORK.depth):
        yield torch.nn.Linear(width, NETWORK.width)
        yield torch.nn.ReLU()
        if technique in DROPOUTS:
            yield DROPOUTS[technique]()
        width = NETWORK.width
    yield torch.nn.Linear(width, OUTPUTS)


def create_model(technique):
    model = torch.nn.Sequential(*layers(technique)).to(DEVICE)
    for layer in model:
        if isinstance(layer, torch.nn.Linear):  # as Keras and Ockham begin
            torch.nn.init.xavier_uniform_(layer.weight)
            torch.nn.init.zeros_(layer.bias)
    return model


class Data:
    def __init__(self):
        self.x = torch.rand(NETWORK.rows, INPUTS).to(DEVICE)
        self.y = torch.randint(0, OUTPUTS, (NETWORK.rows,)).to(DEVICE)
        order = torch.randperm(NETWORK.rows).to(DEVICE)
        self.batches = order[: NETWORK.rows // NETWORK.batch * NETWORK.batch].split(NETWORK.batch)
        self.next = 0

    def batch(self):
        if not NETWORK.bare:
            self.next = (self.next + 1) % len(self.batches)
        indices = self.batches[self.next]
        return self.x.index_select(0, indices), self.y.index_select(0, indices)


class Step:
    def __init__(self, data, technique, form):
        self.data, self.technique = data, technique
        self.foreach = form.endswith("-foreach")
        self.model = create_model(technique)
        parameters = list(self.model.parameters())
        self.kernels = [p for p in parameters if p.dim() == 2][:-1]  # of the hidden layers
        rest = [p for p in parameters if all(p is not kernel for kernel in self.kernels)]
        decay = 2 * L2 if technique == "l2-decay" else 0
        self.optimizer = torch.optim.Adam(
            [{"params": self.kernels, "weight_decay": decay}, {"params": rest}],
            lr=1e-3, eps=1e-7, fused=True, capturable=DEVICE == "cuda")
        self.forward = torch.compile(self.loss) if "compiled" in form else self.loss
        self.sums = torch.zeros(2, device=DEVICE)  # of the loss and of the correct
        self.fixed = data.batch()
        self.replay = self.capture() if form.startswith("graph") else None

    def penalty(self):
        if self.technique == "l2":
            return L2 * sum(kernel.square().sum() for kernel in self.kernels)
        if self.technique == "l1":
            return L1 * sum(kernel.abs().sum() for kernel in self.kernels)
        return 0

    def draw_masks(self):
        draws = torch.rand(NETWORK.depth, NETWORK.batch, NETWORK.width, device=DEVICE)
        masks = draws.ge(DROPOUT) * (1 / (1 - DROPOUT))
        drawn = [layer for layer in self.model if isinstance(layer, DrawnDropout)]
        for layer, mask in zip(drawn, masks):
            layer.mask = mask

    def loss(self, x, y):
        if self.technique == "dropout-drawn":
            self.draw_masks()
        logits = self.model(x)
        loss = F.cross_entropy(logits, y)
        if not self.foreach:
            loss = loss + self.penalty()
        if NETWORK.bare:
            return loss, None
        return loss, (logits.detach().argmax(1) == y).sum()

    @torch.no_grad()
    def add_penalty_gradients(self):
        """Returns the penalty."""
        gradients = [kernel.grad for kernel in self.kernels]
        if self.technique == "l2":
            torch._foreach_add_(gradients, self.kernels, alpha=2 * L2)
            return L2 * torch.stack(torch._foreach_norm(self.kernels)).square().sum()
        torch._foreach_add_(gradients, torch._foreach_sign(self.kernels), alpha=L1)
        return L1 * torch.stack(torch._foreach_norm(self.kernels, 1)).sum()

    def run(self, x, y):
        self.optimizer.zero_grad(set_to_none=True)
        loss, correct = self.forward(x, y)
        loss.backward()
        loss = loss.detach()
        if self.foreach:
            loss = loss + self.add_penalty_gradients()
        self.optimizer.step()
        if correct is not None:
            self.sums[0].add_(loss)
            self.sums[1].add_(correct)

    def capture(self):
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):  # what the first steps allocate is not to be captured
            for _ in range(3):
                self.run(*self.fixed)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.run(*self.fixed)
        return graph.replay

    def __call__(self):
        batch = self.fixed if NETWORK.bare else self.data.batch()
        if not self.replay:
            return self.run(*batch)
        if not NETWORK.bare:
            for kept, new in zip(self.fixed, batch):
                kept.copy_(new)
        self.replay()

    def block(self, warm, steps):
        for _ in range(warm):
            self()
        self.sums.zero_()
        if DEVICE == "cuda":
            torch.cuda.synchronize()
        start = now()
        for _ in range(steps):
            self()
        loss = self.sums.tolist()[0] / steps  # waits for the GPU
        return now() - start, float("nan") if NETWORK.bare else loss


def forms():
    ways = ["eager", "compiled"] + (["graph"] if DEVICE == "cuda" else [])
    for technique in ("plain", "l2", "l2-decay", "l1", "dropout", "dropout-drawn"):
        for way in ways:
            yield technique, way
            if technique in ("l1", "l2"):
                yield technique, way + "-foreach"


def main():
    torch.set_num_threads(NETWORK.threads)
    torch._dynamo.config.recompile_limit = 64  # each form compiles the same functions
    data = Data()
    name = torch.cuda.get_device_name() if DEVICE == "cuda" else f"{NETWORK.threads} threads"
    serve(f"PyTorch {torch.__version__} on {name}", list(forms()),
          lambda technique, form: Step(data, technique, form).block)


if __name__ == "__main__":
    main()
