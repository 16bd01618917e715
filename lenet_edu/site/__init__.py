"""The edition without a kernel: the executed notebooks as a folder of static pages, which any plain host can
serve and a browser can read from disk. `lenet-edu site` builds it; to read, begin with `builder.py`.
"""
