"""The widgets without a kernel: `page.js` mounts them, and NAME.js here does what NAME.py does above.

    mount(element, description, { bytes: (name) => ... })

description: what a notebook's output says of a widget, by the kind `lenet_edu.system.pages.WIDGET`.
`bytes(name)` gives a file of the site's assets: `lenet_edu/site/assets.py` lists them.
"""
