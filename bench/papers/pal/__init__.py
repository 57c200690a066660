"""PAL: pluralistic alignment by a mixture of ideal points (Chen, Chen, Rege, Wang and Vinayak, ICLR 2025).

The paper as the suite knows it is `paper.PAPER`. This file imports nothing, so that a worker loads one experiment only.
"""
