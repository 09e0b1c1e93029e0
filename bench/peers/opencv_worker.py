"""OpenCV's dnn module behind the protocol of bench_session.

    opencv_worker.py MODEL.onnx WIDTHxHEIGHT THREADS
"""
import sys

import turns

try:
    import cv2
    import numpy
except ImportError as error:
    turns.absent(error)


def main():
    path, size, threads = sys.argv[1:]
    width, height = (int(n) for n in size.split('x'))
    cv2.setNumThreads(int(threads))
    x = numpy.array(turns.picture(width, height), numpy.float32).reshape(1, 3, height, width)
    try:
        net = cv2.dnn.readNetFromONNX(path)

        def run():
            net.setInput(x)
            net.forward()

        run()
    except cv2.error as error:
        turns.absent(str(error).replace('\n', ' '))
    turns.serve('OpenCV ' + cv2.__version__, run)


main()
