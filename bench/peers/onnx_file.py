"""Reads an ONNX file with nothing but numpy: enough of it to build the same network in another framework."""
import struct

import numpy

DTYPES = {1: '<f4', 2: 'u1', 3: 'i1', 6: '<i4', 7: '<i8', 9: '?', 10: '<f2', 11: '<f8'}


def fields(data):
    """(number, value) of each field of a protobuf message: an int, or bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        kind = key & 7
        if kind == 0:
            yield key >> 3, varint()
            continue
        size = {1: 8, 5: 4}.get(kind)
        if size is None:
            size = varint()
        yield key >> 3, data[at:at + size]
        at += size


def signed(value):
    return value - (1 << 64) if value >= 1 << 63 else value


def numbers(value):
    """Integers of a repeated field, packed or not."""
    if isinstance(value, int):
        return [signed(value)]
    out = []
    shift = current = 0
    for byte in value:
        current |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            out.append(signed(current))
            shift = current = 0
    return out


def tensor(data):
    dims, dtype, name, raw, floats, ints = [], 1, '', None, [], []
    for number, value in fields(data):
        if number == 1:
            dims += numbers(value)
        elif number == 2:
            dtype = value
        elif number == 8:
            name = value.decode()
        elif number == 9:
            raw = value
        elif number == 4:
            floats += struct.unpack(f'<{len(value) // 4}f', value)
        elif number in (5, 7):
            ints += numbers(value)
    array = numpy.frombuffer(raw, DTYPES[dtype]) if raw is not None else numpy.array(floats or ints, DTYPES[dtype])
    return name, array.reshape(dims)


def attribute(data):
    name, value, ints, floats = '', None, [], []
    for number, field in fields(data):
        if number == 1:
            name = field.decode()
        elif number == 2:
            value = struct.unpack('<f', field)[0]
        elif number == 3:
            value = signed(field)
        elif number == 4:
            value = field.decode()
        elif number == 5:
            value = tensor(field)[1]
        elif number == 7:
            floats += struct.unpack(f'<{len(field) // 4}f', field)
        elif number == 8:
            ints += numbers(field)
    return name, value if value is not None else ints or floats


class Node:
    def __init__(self, data):
        self.inputs, self.outputs, self.op, self.attributes = [], [], '', {}
        for number, value in fields(data):
            if number == 1:
                self.inputs.append(value.decode())
            elif number == 2:
                self.outputs.append(value.decode())
            elif number == 4:
                self.op = value.decode()
            elif number == 5:
                name, content = attribute(value)
                self.attributes[name] = content


class Model:
    """nodes in order, constants by name, names of the inputs and outputs."""

    def __init__(self, path):
        with open(path, 'rb') as file:
            data = file.read()
        graph = next(value for number, value in fields(data) if number == 7)
        self.nodes, self.constants, self.inputs, self.outputs = [], {}, [], []
        for number, value in fields(graph):
            if number == 1:
                self.nodes.append(Node(value))
            elif number == 5:
                name, array = tensor(value)
                self.constants[name] = array
            elif number in (11, 12):
                (self.inputs if number == 11 else self.outputs).append(next(v for n, v in fields(value) if n == 1).decode())
        self.inputs = [name for name in self.inputs if name not in self.constants]
        for node in self.nodes:
            if node.op == 'Constant':
                self.constants[node.outputs[0]] = node.attributes['value']
        self.nodes = [node for node in self.nodes if node.op != 'Constant']
