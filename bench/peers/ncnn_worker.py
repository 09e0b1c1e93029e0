"""ncnn behind the protocol of bench_session, through its C API (src/c_api.h of Tencent/ncnn).

    ncnn_worker.py MODEL.onnx WIDTHxHEIGHT THREADS BUILD

BUILD: a folder of a build with -DNCNN_SHARED_LIB=ON, anywhere below which libncnn.so lies. MODEL.param and
MODEL.bin beside the model are taken where they are; otherwise the build's own onnx2ncnn makes them. ncnn's
options stay at their defaults but for threads.
"""
import ctypes
import os
import subprocess
import sys
import tempfile

import turns


def find(build, names):
    """The first file of one of these names below `build`; None when there is none."""
    for folder, _, files in sorted(os.walk(build)):
        for name in names:
            if name in files:
                return os.path.join(folder, name)
    return None


def network_files(path, build, scratch):
    beside = os.path.splitext(path)[0]
    if os.path.exists(beside + '.param') and os.path.exists(beside + '.bin'):
        return beside + '.param', beside + '.bin'
    converter = find(build, ['onnx2ncnn'])
    if not converter:
        turns.absent(f'no onnx2ncnn below {build}, and no {os.path.basename(beside)}.param and .bin beside the model')
    param, weights = os.path.join(scratch, 'net.param'), os.path.join(scratch, 'net.bin')
    done = subprocess.run([converter, path, param, weights], capture_output=True, text=True, check=False)
    # It goes on after operators that it cannot convert, and says so.
    if done.returncode != 0 or 'not supported' in done.stderr or not os.path.exists(weights):
        turns.absent('onnx2ncnn: ' + (done.stderr.strip() or 'no file was written').replace('\n', ' '))
    return param, weights


def blob_names(param):
    """Names of the input and the output: what Input makes, and what is made last and read by nobody."""
    source, read, made = None, set(), []
    with open(param, encoding='utf8') as lines:
        for line in list(lines)[2:]:
            words = line.split()
            if len(words) < 4:
                continue
            bottoms, tops = int(words[2]), int(words[3])
            read.update(words[4:4 + bottoms])
            tops = words[4 + bottoms:4 + bottoms + tops]
            made += tops
            if words[0] == 'Input' and source is None:
                source = tops[0]
    ends = [name for name in made if name not in read]
    if source is None or not ends:
        turns.absent('the converted network has no input or no output')
    return source.encode(), ends[-1].encode()


def open_library(path):
    ncnn = ctypes.CDLL(path)
    pointer, number = ctypes.c_void_p, ctypes.c_int
    for name, result, arguments in [
            ('ncnn_version', ctypes.c_char_p, []),
            ('ncnn_option_create', pointer, []),
            ('ncnn_option_set_num_threads', None, [pointer, number]),
            ('ncnn_net_create', pointer, []),
            ('ncnn_net_set_option', None, [pointer, pointer]),
            ('ncnn_net_load_param', number, [pointer, ctypes.c_char_p]),
            ('ncnn_net_load_model', number, [pointer, ctypes.c_char_p]),
            # Versions since 2021 have an allocator behind, null for their own; older ones ignore it.
            ('ncnn_mat_create_3d', pointer, [number, number, number, pointer]),
            ('ncnn_mat_get_cstep', ctypes.c_size_t, [pointer]),
            ('ncnn_mat_get_data', pointer, [pointer]),
            ('ncnn_mat_get_c', number, [pointer]),
            ('ncnn_mat_destroy', None, [pointer]),
            ('ncnn_extractor_create', pointer, [pointer]),
            ('ncnn_extractor_input', number, [pointer, ctypes.c_char_p, pointer]),
            ('ncnn_extractor_extract', number, [pointer, ctypes.c_char_p, ctypes.POINTER(pointer)]),
            ('ncnn_extractor_destroy', None, [pointer])]:
        function = getattr(ncnn, name)
        function.restype, function.argtypes = result, arguments
    return ncnn


def fill(ncnn, mat, width, height):
    """Channels of a Mat begin at multiples of its cstep."""
    numbers, plane = turns.picture(width, height), width * height
    step = ncnn.ncnn_mat_get_cstep(mat)
    data = ctypes.cast(ncnn.ncnn_mat_get_data(mat), ctypes.POINTER(ctypes.c_float * (3 * step))).contents
    for channel in range(3):
        data[channel * step:channel * step + plane] = numbers[channel * plane:(channel + 1) * plane]


def main():
    path, size, threads, build = sys.argv[1:]
    width, height = (int(n) for n in size.split('x'))
    library = find(build, ['libncnn.so', 'libncnn.dylib'])
    if not library:
        turns.absent(f'no libncnn.so below {build}: build ncnn with -DNCNN_SHARED_LIB=ON')
    try:
        ncnn = open_library(library)
    except (OSError, AttributeError) as error:
        turns.absent(error)
    net, option = ncnn.ncnn_net_create(), ncnn.ncnn_option_create()
    ncnn.ncnn_option_set_num_threads(option, int(threads))
    ncnn.ncnn_net_set_option(net, option)
    with tempfile.TemporaryDirectory() as scratch:
        param, weights = network_files(path, build, scratch)
        source, end = blob_names(param)
        if ncnn.ncnn_net_load_param(net, param.encode()) != 0 or ncnn.ncnn_net_load_model(net, weights.encode()) != 0:
            turns.absent('ncnn cannot load the converted network')
    picture = ncnn.ncnn_mat_create_3d(width, height, 3, None)
    fill(ncnn, picture, width, height)

    def run():
        extractor, painted = ncnn.ncnn_extractor_create(net), ctypes.c_void_p()
        failed = ncnn.ncnn_extractor_input(extractor, source, picture) != 0
        failed = failed or ncnn.ncnn_extractor_extract(extractor, end, ctypes.byref(painted)) != 0
        if failed or not painted.value:
            turns.absent('ncnn cannot run the network')
        channels = ncnn.ncnn_mat_get_c(painted)
        ncnn.ncnn_mat_destroy(painted)
        ncnn.ncnn_extractor_destroy(extractor)
        return channels

    if run() != 3:
        turns.absent('the converted network does not paint three channels')
    turns.serve('ncnn ' + ncnn.ncnn_version().decode(), run)


main()
