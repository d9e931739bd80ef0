"""The network that `inferenceBenchmark` wrote, in ONNX Runtime (1.31.1): median ms at batch 1, and throughput.

    python3 benchmark.py /tmp/residual.onnx
"""
import sys, threading, time
import numpy, onnxruntime

x = numpy.random.rand(1, 1, 128, 128).astype(numpy.float32)

def session(threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])

for threads in (1, 2):
    s = session(threads)
    for _ in range(20):
        s.run(None, {"image": x})
    wall, own = [], []
    for _ in range(300):
        start, cpu = time.perf_counter(), time.thread_time()
        s.run(None, {"image": x})
        wall.append((time.perf_counter() - start) * 1e3)
        own.append((time.thread_time() - cpu) * 1e3)
    print("batch 1, %d threads: least %.3f, median %.3f, thread time %.3f ms"
          % (threads, min(wall), sorted(wall)[150], sorted(own)[150]))

def work(s):
    for _ in range(400):
        s.run(None, {"image": x})

sessions = [session(1), session(1)]
for s in sessions:
    s.run(None, {"image": x})
start = time.perf_counter()
workers = [threading.Thread(target=work, args=(s,)) for s in sessions]
for w in workers: w.start()
for w in workers: w.join()
print("two single-threaded sessions: %.1f images a second" % (800 / (time.perf_counter() - start)))
