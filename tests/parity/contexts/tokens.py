"""A token takes a set back; a context runs code with its own variables."""

import contextvars

depth = contextvars.ContextVar("depth")


def inside():
    print("inside", depth.get("unset"))
    depth.set(7)


token = depth.set(1)
inner = depth.set(2)
print(depth.get())
depth.reset(inner)
print(depth.get())
depth.reset(token)
print(depth.get("unset"))
context = contextvars.copy_context()
context.run(inside)
context.run(inside)
print("outside", depth.get("unset"))
