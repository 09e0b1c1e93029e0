// Who takes part: Tempera in each precision, and whatever peer is installed.
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const peers = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../peers');
// Debian's Python has Debian's PyTorch and OpenCV; another one that comes first in PATH has not.
const python = process.env.TEMPERA_BENCH_PYTHON ?? '/usr/bin/python3';

export function ourEngine(build, { file, size, threads, precision, target }) {
  return {
    name: `Tempera ${precision}${target ? ` (${target})` : ''}`,
    command: path.join(build, 'bench_session'),
    args: [file, size, String(threads), precision, ...(target ? [target] : [])],
  };
}

// `file`: the network in fp32; `qdq`: the same in 8 bits where there is one; `ncnn`: a folder with a build of it, which
// no package brings.
export function peerEngines({ file, qdq, size, threads, ncnn }) {
  const ort = path.join(peers, 'onnxruntime.mjs');
  const omp = { OMP_NUM_THREADS: String(threads), OPENBLAS_NUM_THREADS: String(threads) };
  const list = [
    { name: 'ONNX Runtime fp32', command: process.execPath, args: [ort, file, size, String(threads)] },
    { name: 'PyTorch fp32', command: python, args: [path.join(peers, 'torch_worker.py'), file, size, String(threads), 'fp32'], env: omp },
    { name: 'PyTorch bf16', command: python, args: [path.join(peers, 'torch_worker.py'), file, size, String(threads), 'bf16'], env: omp },
    { name: 'OpenCV fp32', command: python, args: [path.join(peers, 'opencv_worker.py'), file, size, String(threads)], env: omp },
    ncnn
      ? { name: 'ncnn', command: python, args: [path.join(peers, 'ncnn_worker.py'), file, size, String(threads), path.resolve(ncnn)], env: omp }
      : { name: 'ncnn', absent: 'ncnn is not given (--ncnn BUILD)' },
  ];
  if (qdq) list.splice(1, 0, { name: 'ONNX Runtime int8', command: process.execPath, args: [ort, qdq, size, String(threads)] });
  return list;
}
