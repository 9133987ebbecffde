from setuptools import setup

setup(setup_requires=["pbr>=6.0.0"], pbr=True)
