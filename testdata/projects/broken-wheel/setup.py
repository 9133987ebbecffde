from setuptools import Extension, setup

setup(ext_modules=[Extension("_broken", ["_broken.c"])])
