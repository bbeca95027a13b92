"""Peers of the speed command: reads one JSON request a line, answers {"wall": s, "cpu": s} or {"error": text}.

usage: peers.py DIR THREADS      (started by the speed command; DIR holds the data it wrote)
needs: pip install implicit==0.7.3 irspack==0.5.2 numpy scipy
"""
import json
import resource
import sys
import time

import numpy as np
import scipy.linalg
import scipy.sparse as sp

DIR, THREADS = sys.argv[1], int(sys.argv[2])
cache = {}


def load(name, dtype, shape=None):
    """The numbers of a file, kept in memory."""
    if name not in cache:
        cache[name] = np.fromfile(f"{DIR}/{name}", dtype)
    return cache[name] if shape is None else cache[name].reshape(shape)


def csr(name):
    if name + ".csr" not in cache:
        rows, cols = load(name + ".shape", np.int64)
        parts = load(name + ".val", np.float32), load(name + ".idx", np.int32), load(name + ".ptr", np.int64)
        cache[name + ".csr"] = sp.csr_matrix(parts, shape=(rows, cols))
    return cache[name + ".csr"]


def timed(f):
    def cpu():
        r = resource.getrusage(resource.RUSAGE_SELF)
        return r.ru_utime + r.ru_stime

    c, w = cpu(), time.perf_counter()
    f()
    return {"wall": time.perf_counter() - w, "cpu": cpu() - c}


def implicit_als(data, f, cg, save=None):
    from implicit.cpu import _als

    x = csr(data)
    if data + ".conf" not in cache:
        c = x.copy()
        c.data[:] = 10
        cache[data + ".conf"] = c, c.T.tocsr()
    c, ct = cache[data + ".conf"]
    v = load(f"{data}.v{f}", np.float32, (x.shape[1], f)).copy()
    u = (np.random.default_rng(0).random((x.shape[0], f), dtype=np.float32) - 0.5) * 0.01

    def half(m, a, b):
        if cg:
            _als.least_squares_cg(m, a, b, 0.05, num_threads=THREADS, cg_steps=3)
        else:
            _als.least_squares(m, a, b, 0.05, num_threads=THREADS)

    def step():
        half(c, u, v)
        if save:
            u.tofile(f"{DIR}/{save}")
        half(ct, v, u)

    return timed(step)


def irspack_als(data, f):
    from irspack.recommenders import _ials_core as core

    key = f"{data}.irspack{f}"
    if key not in cache:
        config = core.IALSModelConfigBuilder().set_K(f).set_alpha0(0.1).set_reg(0.05).set_nu(1.0).set_random_seed(1).build()
        solver = core.IALSSolverConfigBuilder().set_n_threads(THREADS).set_solver_type(core.SolverType.CG).set_max_cg_steps(3).build()
        cache[key] = core.IALSTrainer(config, csr(data)), solver
    trainer, solver = cache[key]
    return timed(lambda: trainer.step(solver))


def topk(items, users, f, n, m, k, kind):
    v, u = load(items, np.float32, (n, f)), load(users, np.float32, (m, f))

    def by_implicit():
        from implicit.cpu.topk import topk as search

        search(v, u, k, num_threads=THREADS)

    def by_numpy():
        for s in range(0, m, 256):
            scores = u[s : s + 256] @ v.T
            part = np.argpartition(scores, -k, axis=1)[:, -k:]
            np.take_along_axis(part, np.argsort(-np.take_along_axis(scores, part, 1), 1), 1)

    return timed(by_implicit if kind == "implicit" else by_numpy)


def gemm(n):
    a, b = load("gemm.a", np.float32, (n, n)), load("gemm.b", np.float32, (n, n))
    return timed(lambda: a @ b)


def spmm(d):
    a = csr("graph")
    x = load(f"graph.x{d}", np.float32, (a.shape[1], d))
    return timed(lambda: a @ x)


def potrf(n):
    a = load("spd.a", np.float32, (n, n))
    return timed(lambda: scipy.linalg.lapack.spotrf(a))


OPS = {f.__name__: f for f in (implicit_als, irspack_als, topk, gemm, spmm, potrf)}

for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = OPS[request.pop("op")](**request)
    except Exception as e:  # the other side decides what a failure means
        answer = {"error": f"{type(e).__name__}: {e}"}
    print(json.dumps(answer), flush=True)
