"""stub"""
from srcad.ir import Block
def live(block, results):
    return tuple(block)
