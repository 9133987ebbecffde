from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension("leafcount._leaves", ["src/leafcount/_leaves.c"], libraries=["yaml"])
    ]
)
