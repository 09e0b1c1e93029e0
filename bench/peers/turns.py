"""The protocol of bench_session for peers in Python: one iteration per line on standard input."""
import json
import math
import sys
import time


def absent(why):
    print('absent', str(why).split('\n')[0], flush=True)
    sys.exit(1)


def picture(width, height):
    """Numbers like a picture's, the same for every engine: 3 * height * width of them."""
    return [127.5 + 100 * math.sin(i * 0.013) for i in range(3 * width * height)]


def status_mib(name):
    with open('/proc/self/status', encoding='ascii') as lines:
        for line in lines:
            if line.startswith(name + ':'):
                return int(line.split()[1]) / 1024
    return 0


def serve(name, run):
    """Answers until standard input ends; run() is one iteration."""
    print('ready', name, flush=True)
    for line in sys.stdin:
        line = line.strip()
        if line == 'run':
            cpu = time.process_time()
            start = time.perf_counter()
            run()
            wall = time.perf_counter() - start
            print(f'{wall * 1e3:.4f} {(time.process_time() - cpu) * 1e3:.4f}', flush=True)
        elif line == 'facts':
            print(json.dumps({'peak_mib': status_mib('VmHWM'), 'resident_mib': status_mib('VmRSS')}), flush=True)
