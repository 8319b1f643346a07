"""`communicate` feeds a child and gathers what it says; its end is a number, below zero for a
signal.
"""

import asyncio
from asyncio.subprocess import PIPE


async def main():
    child = await asyncio.create_subprocess_exec("cat", stdin=PIPE, stdout=PIPE)
    print("running", child.returncode)
    out, err = await child.communicate(b"fed")
    print(out.decode(), err, child.returncode)
    script = "echo said; echo told >&2; exit 3"
    shell = await asyncio.create_subprocess_shell(script, stdout=PIPE, stderr=PIPE)
    out, err = await shell.communicate()
    print(out.decode().strip(), err.decode().strip(), shell.returncode)
    sleeper = await asyncio.create_subprocess_exec("sleep", "60")
    sleeper.kill()
    await sleeper.wait()
    print(sleeper.returncode)
    try:
        sleeper.kill()
    except ProcessLookupError:
        print("nobody is there")


asyncio.run(main())
