"""PyTorch behind the protocol of bench_session: the network of an ONNX file, traced and frozen.

    torch_worker.py MODEL.onnx WIDTHxHEIGHT THREADS fp32|bf16

Channels last, where oneDNN is at its best. bf16 only where the processor multiplies it: elsewhere PyTorch
falls back to loops that say nothing about PyTorch.
"""
import sys
import warnings

import turns

try:
    import torch
    import torch.nn.functional as F
except ImportError as error:
    turns.absent(error)

from onnx_file import Model

warnings.filterwarnings('ignore')


def conv(node, v, constants):
    pads = node.attributes.get('pads') or [0, 0, 0, 0]
    if pads[:2] != pads[2:]:
        raise NotImplementedError('uneven pads')
    return F.conv2d(v[0], v[1], v[2] if len(v) > 2 else None, node.attributes.get('strides') or 1, pads[:2],
                    node.attributes.get('dilations') or 1, node.attributes.get('group') or 1)


def pad(node, v, constants):
    pads = node.attributes.get('pads') or [int(n) for n in constants[node.inputs[1]]]
    mode = {'edge': 'replicate'}.get(node.attributes.get('mode'), node.attributes.get('mode', 'constant'))
    if any(pads[:2]) or any(pads[4:6]):
        raise NotImplementedError('pads of channels')
    return F.pad(v[0], [pads[3], pads[7], pads[2], pads[6]], mode)


def resize(node, v, constants):
    scales = next(constants[name] for name in reversed(node.inputs) if name in constants and len(constants[name]) == 4)
    if node.attributes.get('mode', 'nearest') != 'nearest':
        raise NotImplementedError('Resize that is not nearest')
    return F.interpolate(v[0], scale_factor=[float(scales[2]), float(scales[3])], mode='nearest')


def reshape(node, v, constants):
    wanted = [int(n) for n in constants[node.inputs[1]]]
    return v[0].reshape([v[0].shape[i] if n == 0 else n for i, n in enumerate(wanted)])


OPERATORS = {
    'Conv': conv,
    'Pad': pad,
    'Resize': resize,
    'Upsample': resize,
    'InstanceNormalization': lambda n, v, c: F.instance_norm(v[0], weight=v[1], bias=v[2], eps=n.attributes.get('epsilon', 1e-5)),
    'Relu': lambda n, v, c: F.relu(v[0]),
    'LeakyRelu': lambda n, v, c: F.leaky_relu(v[0], n.attributes.get('alpha', 0.01)),
    'Sqrt': lambda n, v, c: torch.sqrt(v[0]),
    'Concat': lambda n, v, c: torch.cat(v, n.attributes['axis']),
    'ReduceMean': lambda n, v, c: v[0].mean(n.attributes['axes'], keepdim=n.attributes.get('keepdims', 1) != 0),
    'Reshape': reshape,
    'Tanh': lambda n, v, c: torch.tanh(v[0]),
    'Sigmoid': lambda n, v, c: torch.sigmoid(v[0]),
    'Identity': lambda n, v, c: v[0],
    'Add': lambda n, v, c: v[0] + v[1],
    'Sub': lambda n, v, c: v[0] - v[1],
    'Mul': lambda n, v, c: v[0] * v[1],
    'Div': lambda n, v, c: v[0] / v[1],
    'Clip': lambda n, v, c: torch.clamp(v[0], float(c[n.inputs[1]]), float(c[n.inputs[2]])),
}


class Network(torch.nn.Module):
    def __init__(self, model, dtype):
        super().__init__()
        self.model = model
        self.tensors = {}
        for name, array in model.constants.items():
            value = torch.tensor(array.copy())
            if value.is_floating_point():
                value = value.to(dtype)
                if value.dim() == 4:
                    value = value.contiguous(memory_format=torch.channels_last)
            self.tensors[name] = value

    def forward(self, x):
        values = {**self.tensors, self.model.inputs[0]: x}
        for node in self.model.nodes:
            inputs = [values[name] for name in node.inputs if name]
            values[node.outputs[0]] = OPERATORS[node.op](node, inputs, self.model.constants)
        return values[self.model.outputs[0]]


def main():
    path, size, threads, precision = sys.argv[1:]
    width, height = (int(n) for n in size.split('x'))
    with open('/proc/cpuinfo', encoding='ascii', errors='replace') as info:
        flags = info.read()
    if precision == 'bf16' and 'avx512_bf16' not in flags and 'amx_bf16' not in flags:
        turns.absent('this processor does not multiply bf16')
    torch.set_num_threads(int(threads))
    dtype = torch.bfloat16 if precision == 'bf16' else torch.float32
    model = Model(path)
    unknown = sorted({node.op for node in model.nodes} - set(OPERATORS))
    if unknown:
        turns.absent('operators not translated: ' + ', '.join(unknown))
    x = torch.tensor(turns.picture(width, height)).reshape(1, 3, height, width).to(dtype)
    x = x.contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        try:
            network = torch.jit.freeze(torch.jit.trace(Network(model, dtype).eval(), x, check_trace=False))
        except (NotImplementedError, RuntimeError, KeyError) as error:
            turns.absent(error)
        turns.serve('PyTorch ' + torch.__version__, lambda: network(x))


main()
