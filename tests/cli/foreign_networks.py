#!/usr/bin/env python3
"""Networks as other people's exporters write them, each of which paints (255 - red, green, blue / 2).

    foreign_networks.py FOLDER

Standard library only: protobuf by hand (onnx.proto).
"""
import struct
import sys

FLOAT, UINT8, INT64, HALF = 1, 2, 7, 10


def varint(n):
    n &= (1 << 64) - 1
    out = b''
    while True:
        out += bytes([n & 127 | (128 if n > 127 else 0)])
        n >>= 7
        if not n:
            return out


def field(tag, value):
    if isinstance(value, int):
        return varint(tag << 3) + varint(value)
    if isinstance(value, float):
        return varint(tag << 3 | 5) + struct.pack('<f', value)
    if isinstance(value, str):
        value = value.encode()
    return varint(tag << 3 | 2) + varint(len(value)) + value


def tensor(name, dims, numbers, kind=FLOAT):
    code = {FLOAT: 'f', INT64: 'q', HALF: 'e', UINT8: 'B'}[kind]
    raw = struct.pack('<%d%s' % (len(numbers), code), *numbers)
    return b''.join(field(1, d) for d in dims) + field(2, kind) + field(8, name) + field(9, raw)


def attribute(name, value):
    if isinstance(value, list):
        return field(1, name) + b''.join(field(8, v) for v in value) + field(20, 7)
    if isinstance(value, float):
        return field(1, name) + field(2, value) + field(20, 1)
    if isinstance(value, str):
        return field(1, name) + field(4, value) + field(20, 3)
    return field(1, name) + field(3, value) + field(20, 2)


def node(op, inputs, output, domain='', **attributes):
    return (b''.join(field(1, i) for i in inputs) + field(2, output) + field(3, 'node_' + output) + field(4, op) +
            b''.join(field(5, attribute(k, v)) for k, v in attributes.items()) +
            (field(7, domain) if domain else b''))


def value(name, dims, kind=FLOAT):
    shape = b''.join(field(1, field(2, d) if isinstance(d, str) else field(1, d)) for d in dims)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, shape)))


class Model:
    def __init__(self, dims, kind=FLOAT, out_dims=None, out_kind=None, opset=13):
        self.dims, self.kind, self.opset = dims, kind, opset
        self.out_dims, self.out_kind = out_dims or dims, out_kind or kind
        self.nodes, self.weights, self.metadata, self.last = [], [], [], 'x'
        self.inputs, self.functions = [], []

    def constant(self, numbers, dims=(), kind=FLOAT):
        name = 'k%d' % len(self.weights)
        self.weights.append(tensor(name, dims, numbers, kind))
        return name

    def add(self, op, *more, **attributes):
        output = 'v%d' % len(self.nodes)
        self.nodes.append(node(op, [self.last, *more], output, **attributes))
        self.last = output
        return self

    def scalar(self, op, number, kind=FLOAT):
        return self.add(op, self.constant([number], (), kind))

    def planes(self, op, numbers):
        return self.add(op, self.constant(numbers, (1, 3, 1, 1)))

    # A 1x1 convolution of these rows.
    def conv(self, rows, bias, kind=FLOAT):
        flat = [w for row in rows for w in row]
        return self.add('Conv', self.constant(flat, (len(rows), len(rows[0]), 1, 1), kind),
                        self.constant(bias, (len(bias),), kind))

    def write(self, path):
        self.nodes.append(node('Identity', [self.last], 'y'))
        graph = (b''.join(field(1, n) for n in self.nodes) + field(2, 'g') + b''.join(field(5, w) for w in self.weights) +
                 field(11, value('x', self.dims, self.kind)) + b''.join(field(11, i) for i in self.inputs) +
                 field(12, value('y', self.out_dims, self.out_kind)))
        with open(path, 'wb') as file:
            file.write(field(1, 8) + field(2, 'foreign') + field(7, graph) + field(8, field(2, self.opset)) +
                       b''.join(field(14, field(1, k) + field(2, v)) for k, v in self.metadata) +
                       b''.join(field(25, f) for f in self.functions))


# Numbers of low..high: (low + high - r, g, low + (b - low) / 2).
def core(low, high):
    return [[-1, 0, 0], [0, 1, 0], [0, 0, .5]], [low + high, 0, low / 2]


PLANES, LAST = [1, 3, 'h', 'w'], [1, 'h', 'w', 3]
TO_PLANES, TO_LAST = [0, 3, 1, 2], [0, 2, 3, 1]
SMALL = 1e-3


def animegan(m):  # TensorFlow: channels last, -1..1, ends in tanh (of so little that it bends nothing)
    rows, bias = core(-1, 1)
    m.add('Transpose', perm=TO_PLANES).conv(rows, bias).scalar('Mul', SMALL).add('Tanh').scalar('Div', SMALL)
    return m.add('Clip', m.constant([-1.]), m.constant([1.])).add('Transpose', perm=TO_LAST)


def zero_dce(m):  # 0..1: a curve x + r (x x - x), here of r = 0
    rows, bias = core(0, 1)
    x = m.last
    m.nodes.append(node('Mul', [x, x], 'square'))
    m.nodes.append(node('Sub', ['square', x], 'curve'))
    m.nodes.append(node('Mul', ['curve', m.constant([0.])], 'bent'))
    m.nodes.append(node('Add', [x, 'bent'], 'enhanced'))
    m.last = 'enhanced'
    return m.conv(rows, bias)


def core_ml(m):  # Windows ML's converters: blue first, Caffe's mean taken off
    m.metadata = [('Image.BitmapPixelFormat', 'Bgr8'), ('Image.NominalPixelRange', 'NominalRange_0_255')]
    m.planes('Sub', [103.939, 116.779, 123.68])
    return m.conv([[.5, 0, 0], [0, 1, 0], [0, 0, -1]], [103.939 / 2, 116.779, 255 - 123.68])


def fast_neural_style(m):  # PyTorch: 0..255 in and out
    rows, bias = core(0, 255)
    return m.conv(rows, bias)


def imagenet(m):  # 0..1, normalised inside by ImageNet's mean and deviation
    mean, deviation = [.485, .456, .406], [.229, .224, .225]
    m.planes('Sub', mean).planes('Div', deviation)
    m.conv([[-deviation[0], 0, 0], [0, deviation[1], 0], [0, 0, deviation[2] / 2]], [1 - mean[0], mean[1], mean[2] / 2])
    return m.add('Clip', m.constant([0.]), m.constant([1.]))


def normalised(m):  # the same, normalised by whoever calls it
    mean, deviation = [.485, .456, .406], [.229, .224, .225]
    return m.conv([[-deviation[0], 0, 0], [0, deviation[1], 0], [0, 0, deviation[2] / 2]],
                  [1 - mean[0], mean[1], mean[2] / 2])


def divides(m):  # divides by 255 itself, and multiplies at the end
    rows, bias = core(0, 1)
    return m.scalar('Div', 255.).conv(rows, bias).scalar('Mul', 255.)


def byte_ends(m):
    rows, bias = core(0, 255)
    return m.add('Cast', to=FLOAT).conv(rows, bias).add('Round').add('Cast', to=UINT8)


def half_ends(m):
    rows, bias = core(0, 1)
    m.conv(rows, bias, HALF)
    return m.add('Clip', m.constant([0.], (), HALF), m.constant([1.], (), HALF))


def colouriser(m):  # grey in, colours out: grey, its negative, half of it
    return m.conv([[1], [-1], [.5]], [0, 255, 0])


def grey_out(m):
    return m.conv([[-1, 0, 0]], [255])


def rgba_out(m):
    rows, bias = core(0, 255)
    return m.conv(rows + [[-.5, 0, 0]], bias + [255])


def classes(m):  # three classes' shares
    rows, bias = core(0, 1)
    return m.conv(rows, bias).add('Softmax', axis=1)


def remembers(m):  # half of what it painted before, and half of the picture
    m.inputs.append(value('before', [1, 3, 'h', 'w']))
    m.metadata = [('tempera.state.y', 'before')]
    x = m.last
    m.nodes.append(node('Add', [x, 'before'], 'sum'))
    m.last = 'sum'
    return m.scalar('Mul', .5)


def nhwc_classes(m):  # TensorFlow's segmentation: channels last, a number for each of five classes
    return m.add('Transpose', perm=TO_PLANES).conv([[1, 0, 0]] * 5, [0] * 5).add('Transpose', perm=TO_LAST)


def parametric(m):  # an input with an initializer, which only metadata makes a parameter
    rows, bias = core(0, 255)
    m.inputs.append(value('blend', [1]))
    m.weights.append(tensor('blend', (1,), [0.]))
    return m.conv(rows, bias).add('Add', 'blend')


def spare_function(m):  # a function that nobody calls, of an operator that nobody has
    rows, bias = core(0, 255)
    m.functions.append(field(1, 'Spare') + field(7, node('Nowhere', ['a'], 'b')) + field(10, 'com.example'))
    return m.conv(rows, bias)


def missing(m):  # operators that nobody has
    m.add('Conv', m.constant([0.] * 9, (3, 3, 1, 1))).add('Fold', domain='com.example').add('Fold', domain='com.example')
    return m.add('TextureWarp')


NETWORKS = {
    'animegan': (animegan, LAST, {}),
    'zero_dce': (zero_dce, PLANES, {}),
    'core_ml': (core_ml, PLANES, {'opset': 9}),
    'fast_neural_style': (fast_neural_style, PLANES, {}),
    'imagenet': (imagenet, PLANES, {}),
    'normalised': (normalised, PLANES, {}),
    'divides': (divides, PLANES, {}),
    'bytes': (byte_ends, PLANES, {'kind': UINT8}),
    'half': (half_ends, PLANES, {'kind': HALF}),
    'colouriser': (colouriser, [1, 1, 'h', 'w'], {'out_dims': PLANES}),
    'grey_out': (grey_out, PLANES, {'out_dims': [1, 1, 'h', 'w']}),
    'rgba_out': (rgba_out, PLANES, {'out_dims': [1, 4, 'h', 'w']}),
    'missing': (missing, PLANES, {}),
    'classes': (classes, PLANES, {}),
    'remembers': (remembers, PLANES, {}),
    'nhwc_classes': (nhwc_classes, LAST, {'out_dims': [1, 'h', 'w', 5]}),
    'parametric': (parametric, PLANES, {}),
    'spare_function': (spare_function, PLANES, {}),
}


def write_external(folder):  # weights beside it, as PyTorch 2.9 writes them
    with open(folder + '/external.data', 'wb') as file:
        file.write(struct.pack('<9f', -1, 0, 0, 0, 1, 0, 0, 0, .5))
    place = field(13, field(1, 'location') + field(2, 'external.data'))
    m = Model(PLANES)
    m.weights.append(b''.join(field(1, d) for d in (3, 3, 1, 1)) + field(2, FLOAT) + field(8, 'w') + place + field(14, 1))
    m.add('Conv', 'w', m.constant([255, 0, 0], (3,))).write(folder + '/external.onnx')


def write_many_keys(path):  # more entries than anybody reads
    with open(path, 'rb') as file:
        model = file.read()
    entry = field(14, field(1, 'k') + field(2, 'v'))
    with open(path[:-len('.onnx')] + '_many.onnx', 'wb') as file:
        file.write(model + b''.join(field(14, field(1, 'k%d' % i) + field(2, 'v')) for i in range(20000)))
    with open(path[:-len('.onnx')] + '_flood.onnx', 'wb') as file:
        file.write(model + entry * 1000001)


def main():
    write_external(sys.argv[1])
    for name, (make, dims, options) in NETWORKS.items():
        make(Model(dims, **options)).write('%s/%s.onnx' % (sys.argv[1], name))
    write_many_keys(sys.argv[1] + '/divides.onnx')


main()
