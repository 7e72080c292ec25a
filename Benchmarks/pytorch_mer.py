"""Value and gradient of the MER loss, both terms, in PyTorch.

    python pytorch_mer.py --form paper --width 2304 --threads 2

Prints one line of JSON. Two forms of the spectral term give the same number:
  paper   log det of the D×D correlation matrix, as published: O(N·D² + D³)
  gram    log det of the N×N Gram matrix, by Sylvester's identity: O(N²·D + N³)
"""


import torch

from measuring import measure, parser, report

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
    options = parser(__doc__, warmup=2, repeats=10)
    options.add_argument("--form", choices=["paper", "gram"], default="paper")
    options.add_argument("--batch", type=int, default=48, help="N, samples (default 48)")
    options.add_argument("--width", type=int, default=2304, help="D, features (default 2304)")
    arguments = options.parse_args()

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
