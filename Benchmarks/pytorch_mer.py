"""Value and gradient of the MER loss, both terms, in PyTorch.

    python pytorch_mer.py --form paper --width 2304 --threads 2

Prints one line of JSON. Two forms of the spectral term give the same number:
  paper   log det of the D×D correlation matrix, as published: O(N·D² + D³)
  gram    log det of the N×N Gram matrix, by Sylvester's identity: O(N²·D + N³)
"""

import argparse

import torch

from measuring import measure, report

EPSILON = 1e-4
GAMMA = 1.0


def log_determinant(matrix):
    """Of a symmetric positive definite matrix, by its Cholesky factor."""
    return 2 * torch.linalg.cholesky(matrix).diagonal().log().sum()


def mer(embedding, form):
    """L_marg + L_spec of an N×D embedding (equations 5 to 7 of the paper, both weights 1)."""
    count, width = embedding.shape
    centered = embedding - embedding.mean(dim=0)
    deviation = (centered.square().sum(dim=0) / (count - 1) + EPSILON).sqrt()
    marginal = torch.relu(GAMMA - deviation).mean()
    standardized = centered / deviation
    if form == "paper":
        correlation = standardized.T @ standardized / (count - 1)
        entropy = log_determinant(correlation + EPSILON * torch.eye(width))
    else:
        gram = standardized @ standardized.T / (count - 1)
        entropy = log_determinant(gram + EPSILON * torch.eye(count))
        entropy = entropy + (width - count) * torch.log(torch.tensor(EPSILON))
    return marginal - entropy / width


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--form", choices=["paper", "gram"], default="paper")
    parser.add_argument("--batch", type=int, default=48, help="N, samples (default 48)")
    parser.add_argument("--width", type=int, default=2304, help="D, features (default 2304)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=10)
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    embedding = torch.randn(arguments.batch, arguments.width, requires_grad=True)

    def step():
        embedding.grad = None
        mer(embedding, arguments.form).backward()

    figures = measure(step, arguments.warmup, arguments.repeats)
    report(f"mer-{arguments.batch}x{arguments.width}", arguments.form, arguments.threads, figures)


if __name__ == "__main__":
    main()
