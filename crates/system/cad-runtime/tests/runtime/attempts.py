"""Ways out of the sandbox, tried one after the other in one run.

Before this text the test sets SECRET (a file of another session), OTHER (that session's name), WHISPERED (the name of a
session that has run before, backwards), RUNS (the folder of all runs), MOUNTED (a file of a read-only mount) and RAW
(whether the numbers of system calls below are this machine's). Each way goes around the explaining hook where it can,
straight to the kernel. The last line of the output is JSON: the number of ways, and those that got through.
"""

import asyncio
import ctypes
import fcntl
import gc
import json
import mmap
import multiprocessing
import os
import resource
import signal
import socket
import struct
import sys
import urllib.request
from multiprocessing import shared_memory

libc = ctypes.CDLL(None, use_errno=True)
EPERM, EACCES, ENOSYS, EOPNOTSUPP = 1, 13, 38, 95
REFUSED = (EPERM, EACCES, ENOSYS)
tried = 0
through = []


def check(name, holds, found=None):
    """Counts one way."""
    global tried
    tried += 1
    if not holds:
        through.append(f"{name}: {found}")


def call(number, *arguments):
    """A raw system call: its error number, or 0."""
    words = [a if isinstance(a, (bytes, ctypes.c_void_p, ctypes.Array)) else ctypes.c_long(a) for a in arguments]
    ctypes.set_errno(0)
    return ctypes.get_errno() if libc.syscall(ctypes.c_long(number), *words) < 0 else 0


def refuse(name, number, *arguments, answers=REFUSED):
    """A raw system call that must be refused before the kernel looks at its arguments."""
    if RAW:
        answer = call(number, *arguments)
        check(name, answer in answers, answer)


def fail(name, function, *arguments):
    """A way by Python's own means that must end in an error of the operating system."""
    try:
        reached = function(*arguments)
    except (OSError, ValueError, ImportError) as error:
        check(name, True, error)
    else:
        check(name, False, f"reached {reached!r}")


# System calls that no script needs, with arguments of nothing: a kernel that looked at them would answer EFAULT,
# EINVAL or EBADF, or do it.
CALLS = """
29:shmget 30:shmat 31:shmctl 41:socket 42:connect 43:accept 46:sendmsg 47:recvmsg 49:bind 50:listen
54:setsockopt 57:fork 58:vfork 59:execve 64:semget 65:semop 66:semctl 67:shmdt 68:msgget 69:msgsnd 70:msgrcv
71:msgctl 88:symlink 92:chown 93:fchown 94:lchown 101:ptrace 103:syslog 105:setuid 106:setgid 109:setpgid
112:setsid 113:setreuid 114:setregid 116:setgroups 117:setresuid 119:setresgid 122:setfsuid 123:setfsgid
126:capset 129:rt_sigqueueinfo 133:mknod 134:uselib 135:personality 136:ustat 139:sysfs 141:setpriority
142:sched_setparam 144:sched_setscheduler 149:mlock 150:munlock 151:mlockall 152:munlockall 153:vhangup
154:modify_ldt 155:pivot_root 156:_sysctl 158:arch_prctl 159:adjtimex 161:chroot 162:sync 163:acct
164:settimeofday 165:mount 166:umount2 167:swapon 168:swapoff 169:reboot 170:sethostname 171:setdomainname
172:iopl 173:ioperm 174:create_module 175:init_module 176:delete_module 177:get_kernel_syms 178:query_module
179:quotactl 180:nfsservctl 181:getpmsg 182:putpmsg 183:afs_syscall 184:tuxcall 185:security 187:readahead
188:setxattr 189:lsetxattr 190:fsetxattr 197:removexattr 198:lremovexattr 199:fremovexattr 200:tkill
203:sched_setaffinity 205:set_thread_area 206:io_setup 207:io_destroy 208:io_getevents 209:io_submit
210:io_cancel 211:get_thread_area 212:lookup_dcookie 214:epoll_ctl_old 215:epoll_wait_old 216:remap_file_pages
220:semtimedop 222:timer_create 223:timer_settime 224:timer_gettime 225:timer_getoverrun 226:timer_delete
227:clock_settime 236:vserver 237:mbind 238:set_mempolicy 240:mq_open 241:mq_unlink 242:mq_timedsend
243:mq_timedreceive 244:mq_notify 245:mq_getsetattr 246:kexec_load 248:add_key 249:request_key 250:keyctl
251:ioprio_set 252:ioprio_get 253:inotify_init 254:inotify_add_watch 255:inotify_rm_watch 256:migrate_pages
259:mknodat 260:fchownat 266:symlinkat 272:unshare 275:splice 276:tee 277:sync_file_range 278:vmsplice
279:move_pages 282:signalfd 283:timerfd_create 286:timerfd_settime 287:timerfd_gettime 288:accept4 289:signalfd4
294:inotify_init1 297:rt_tgsigqueueinfo 298:perf_event_open 299:recvmmsg 300:fanotify_init 301:fanotify_mark
303:name_to_handle_at 304:open_by_handle_at 305:clock_adjtime 306:syncfs 307:sendmmsg 308:setns
310:process_vm_readv 311:process_vm_writev 312:kcmp 313:finit_module 314:sched_setattr 317:seccomp
319:memfd_create 320:kexec_file_load 321:bpf 322:execveat 323:userfaultfd 325:mlock2 329:pkey_mprotect
330:pkey_alloc 331:pkey_free 333:io_pgetevents 424:pidfd_send_signal 425:io_uring_setup 426:io_uring_enter
427:io_uring_register 428:open_tree 429:move_mount 430:fsopen 431:fsconfig 432:fsmount 433:fspick 434:pidfd_open
435:clone3 437:openat2 438:pidfd_getfd 440:process_madvise 442:mount_setattr 443:quotactl_fd
444:landlock_create_ruleset 445:landlock_add_rule 446:landlock_restrict_self 447:memfd_secret
448:process_mrelease 450:set_mempolicy_home_node 451:cachestat 453:map_shadow_stack 454:futex_wake
455:futex_wait 456:futex_requeue 457:statmount 458:listmount 459:lsm_get_self_attr 460:lsm_set_self_attr
461:lsm_list_modules 462:mseal 463:setxattrat 464:getxattrat 465:listxattrat 466:removexattrat
467:open_tree_attr 468:file_getattr 469:file_setattr
"""
for word in CALLS.split():
    number, name = word.split(":")
    refuse(name, int(number), 0, 0, 0, 0, 0, 0)
# Not 335 and 336: newer kernels ask no filter about them, and end a process that calls them itself.
for number in (340, 360, 400, 423, 470, 500, 547, 1000, 1 << 20):
    refuse(f"call {number} that no kernel has", number, 0, 0, 0, answers=(ENOSYS,))
for number in (1, 2, 57, 59, 62, 101, 165, 512, 520, 521, 534, 545):
    refuse(f"x32 call {number}", 0x4000_0000 + number, 0, 0, 0, answers=(ENOSYS,))

# Commands of fcntl, on a file of a mount and on a program of the machine.
READABLE = [os.open(path, os.O_RDONLY) for path in (MOUNTED, sys.executable)]
PIPE = os.pipe()
COMMANDS = {
    "lease": 1024, "lease asked for": 1025, "notice": 1026, "owner": 8, "owner asked for": 9, "signal": 10,
    "signal asked for": 11, "owner extended": 15, "pipe size": 1031, "seals": 1033, "write hint": 1036,
    "file write hint": 1038, "delegation": 1040,
}
for name, command in COMMANDS.items():
    for value in (0, 1, 2, os.getppid()):
        refuse(f"fcntl {name} {value}", 72, READABLE[0], command, value)
    refuse(f"fcntl {name} of a program", 72, READABLE[1], command, 0)
    refuse(f"fcntl {name} of a pipe", 72, PIPE[0], command, 1 << 20)

# Requests of ioctl.
REQUESTS = {
    "file flags": 0x40086602, "file attributes": 0x401C5820, "clone a file": 0x40049409, "clone a range": 0x4020940D,
    "freeze": 0xC0045877, "thaw": 0xC0045878, "trim": 0xC0185879, "signal on input": 0x5452, "owner": 0x8901,
    "process group": 0x8902, "type into a terminal": 0x5412, "control a terminal": 0x540E, "verity": 0x40806685,
    "terminal attributes": 0x5402, "encryption key": 0xC0506617, "user namespace": 0xB701, "console": 0x541C,
    "block device": 0x125D,
    "map of a file": 0xC020660B, "generation": 0x40087602, "label of a file system": 0x41009432, "project": 0x40086604,
    "pids of a namespace": 0x8008B705, "tun": 0x400454CA, "kvm": 0xAE00, "seccomp notify": 0xC0502100,
}
for name, request in REQUESTS.items():
    refuse(f"ioctl {name}", 16, READABLE[0], request, 0)

# Options of prctl.
OPTIONS = {
    "outlive the parent": 1, "dumpable": 4, "unaligned": 6, "keep capabilities": 8, "floating point": 10, "timing": 14,
    "own filter": 22, "drop capability": 24, "time stamp counter": 26, "secure bits": 28, "timer slack": 29,
    "disable events": 31, "machine checks": 33, "memory map": 35, "reap children": 36, "huge pages": 41,
    "ambient capabilities": 47, "speculation": 53, "io flusher": 57, "core scheduling": 62, "merge memory": 67,
    "tracer": 0x59616D61,
}
for name, option in OPTIONS.items():
    refuse(f"prctl {name}", 157, option, 1, 0, 0, 0)

# Processes and namespaces by clone.
VM, FS, FILES, SIGHAND, THREAD = 0x100, 0x200, 0x400, 0x800, 0x10000
for name, flags in {
    "a process": 17, "a process with this memory": VM | 17, "vfork": VM | 0x4000 | 17, "a sibling": 0x8000 | 17,
    "user namespace": 0x1000_0000 | 17, "pid namespace": 0x2000_0000 | 17, "network namespace": 0x4000_0000 | 17,
    "mount namespace": 0x2_0000 | 17, "names namespace": 0x400_0000 | 17, "ipc namespace": 0x800_0000 | 17,
    "groups namespace": 0x200_0000 | 17, "thread in a user namespace": VM | FS | FILES | SIGHAND | THREAD | 0x1000_0000,
    "thread in a mount namespace": VM | FILES | SIGHAND | THREAD | 0x2_0000,
    "thread of the parent": VM | FS | FILES | SIGHAND | THREAD | 0x8000,
}.items():
    refuse(f"clone {name}", 56, flags, 0, 0, 0, 0)

# Sockets of every family and kind, and pairs.
for family in range(46):
    for kind in (1, 2, 3, 5):
        refuse(f"socket of family {family}, kind {kind}", 41, family, kind, 0, answers=(EACCES,))
    refuse(f"datagram pair of family {family}", 53, family, 2, 0, (ctypes.c_int * 2)(), answers=(EACCES,))
for family in range(2, 46):
    refuse(f"stream pair of family {family}", 53, family, 1, 0, (ctypes.c_int * 2)(), answers=(EACCES,))
left, right = socket.socketpair()
address = struct.pack("<H108s", 1, b"\0name")
refuse("send to an address", 44, left.fileno(), b"x", 1, 0, address, len(address), answers=(EACCES,))
refuse("pass a descriptor", 46, left.fileno(), 0, 0, answers=(EACCES,))
refuse("filter of a socket", 54, left.fileno(), 1, 26, 0, 0)

# Signals, limits and memory of others.
PARENT = os.getppid()
for target in {PARENT, 1, 2, 0, -1, PARENT + 1, PARENT + 2} - {os.getpid()}:
    for number in (0, signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP):
        refuse(f"signal {int(number)} to {target}", 62, target, number)
refuse("signal to a thread of the parent", 234, PARENT, PARENT, 9)
refuse("limits of the parent", 302, PARENT, 7, 0, 0)
refuse("limits of the first process", 302, 1, 7, 0, 0)
for pid in (0, os.getpid(), PARENT):
    refuse(f"affinity of {pid}", 203, pid, 8, b"\1" + bytes(7))
    refuse(f"scheduler of {pid}", 144, pid, 5, struct.pack("i", 0))
    refuse(f"priority of {pid}", 141, 0, pid, 19)
    refuse(f"input priority of {pid}", 251, 1, pid, 3 << 13)

# Attributes of files that belong to the same user: of another session, a mount, the machine and this session.
ACL = struct.pack("<IHHIHHIHHIHHI", 2, 1, 7, 0, 2, 7, 0, 4, 7, 0, 32, 7, 0)
for path in (SECRET, MOUNTED, os.path.dirname(SECRET), "script.py", "..", "."):
    raw = path.encode()
    refuse(f"set an attribute of {path}", 188, raw, b"user.x", b"1", 1, 0)
    refuse(f"set an access list of {path}", 188, raw, b"system.posix_acl_access", ACL, len(ACL), 0)
    refuse(f"set an attribute of a link {path}", 189, raw, b"user.x", b"1", 1, 0)
    refuse(f"remove an attribute of {path}", 197, raw, b"user.x")
    refuse(f"attributes of {path}", 191, raw, b"user.x", 0, 0, answers=(EOPNOTSUPP,))
    refuse(f"list attributes of {path}", 194, raw, 0, 0, answers=(EOPNOTSUPP,))
    arguments = (ctypes.c_uint64 * 2)(ctypes.cast(ctypes.c_char_p(ACL), ctypes.c_void_p).value, len(ACL))
    refuse(f"access list of {path} by folder", 463, -100, raw, 0, b"system.posix_acl_access", arguments, 16)
    refuse(f"remove an attribute of {path} by folder", 466, -100, raw, 0, b"user.x")
    refuse(f"inode flags of {path}", 469, -100, raw, bytes(24), 24, 0)
    refuse(f"owner of {path}", 92, raw, 0, 0)
    refuse(f"owner of {path} by folder", 260, -100, raw, 0, 0, 0)
for change in (lambda: os.chmod(SECRET, 0), lambda: os.utime(SECRET, (0, 0)), lambda: os.chmod("..", 0)):
    change()  # Answered with success and without effect; the test looks.
    check("mode or time", True)

# Files that are not the script's.
FOREIGN = [
    SECRET, RUNS, os.path.dirname(SECRET), "..", "../..", "/etc/shadow", "/etc/passwd", "/etc/ssh", "/root", "/home",
    "/tmp", "/var", "/run", "/sys", "/boot", "/proc", "/proc/self", "/proc/1", "/proc/self/mem", "/proc/self/maps",
    "/proc/self/environ", "/proc/self/fd", "/proc/self/task", "/proc/self/root/etc/passwd", "/proc/self/cwd/../..",
    f"/proc/{PARENT}/mem", f"/proc/{PARENT}/environ", f"/proc/{PARENT}/cmdline", f"/proc/{PARENT}/fd/0",
    f"/proc/{PARENT}/root", f"/proc/{PARENT}/maps", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger",
    "/proc/kcore", "/proc/kallsyms", "/proc/net/tcp", "/proc/mounts", "/dev/mem", "/dev/kmsg", "/dev/tty", "/dev/ptmx",
    "/dev/fuse", "/dev/kvm", "/dev/shm", "/dev/pts", "/dev/mqueue", "/dev/sda", "/dev/vda", "/dev/net/tun",
]
for path in FOREIGN:
    fail(f"read {path}", lambda path=path: os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1))
    fail(f"write {path}", os.open, path, os.O_WRONLY)
# Nothing is emptied or removed but what the test made: if a way were open, the machine should survive the test.
for folder in ("..", RUNS, os.path.dirname(SECRET), os.path.dirname(MOUNTED), "/", "/tmp", "/dev/shm", "/usr/lib"):
    target = os.path.join(folder, "planted")
    fail(f"make {target}", os.open, target, os.O_WRONLY | os.O_CREAT)
    fail(f"make a nameless file in {folder}", os.open, folder, os.O_WRONLY | os.O_TMPFILE)
    fail(f"make the folder {target}", os.mkdir, target)
    fail(f"link into {folder}", os.link, "script.py", target)
    fail(f"move into {folder}", os.rename, "script.py", target)
for path in (SECRET, MOUNTED):
    fail(f"empty {path}", os.open, path, os.O_RDONLY | os.O_TRUNC)
    fail(f"truncate {path}", os.truncate, path, 0)
    fail(f"append to {path}", os.open, path, os.O_WRONLY | os.O_APPEND)
    fail(f"remove {path}", os.remove, path)
    fail(f"move {path} here", os.rename, path, "mine")
    fail(f"link {path} here", os.link, path, "mine")
    check(f"exchange with {path}", not RAW or call(316, -100, b"script.py", -100, path.encode(), 2) != 0)
    check(f"symbolic link to {path}", libc.symlink(path.encode(), b"mine") == -1 and not os.path.lexists("mine"))
    fail(f"write {path} by a map", lambda p=path: mmap.mmap(os.open(p, 0), 1, mmap.MAP_SHARED, mmap.PROT_WRITE))
fail("move the session", os.rename, ".", "../moved")
fail("remove the session", os.rmdir, os.getcwd())
above = os.open("..", os.O_PATH)
for name, function in {
    "read by a handle of the parent": lambda: os.open(f"{OTHER}/script.py", os.O_RDONLY, dir_fd=above),
    "make by a handle of the parent": lambda: os.open("planted", os.O_WRONLY | os.O_CREAT, dir_fd=above),
    "list by a handle of the parent": lambda: os.listdir(above),
    "reopen a mounted file for writing": lambda: open(f"/proc/self/fd/{READABLE[0]}", "r+"),
    "pipe with a name": lambda: os.mkfifo("pipe"),
    "device": lambda: os.mknod("device", 0o020600, os.makedev(1, 3)),
    "socket with a name": lambda: socket.socket(socket.AF_UNIX).bind("socket"),
    "shared memory": lambda: shared_memory.SharedMemory(create=True, size=1),
    "semaphore": multiprocessing.Semaphore,
    "process by multiprocessing": lambda: multiprocessing.Process(target=print).start(),
    "process by subprocess": lambda: __import__("subprocess").run(["true"]),
    "process by a shell": lambda: os.system("true"),
    "process by popen": lambda: os.popen("true"),
    "process by spawn": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "process by fork": os.fork,
    "process by a terminal": lambda: __import__("pty").fork(),
    "other program": lambda: os.execv("/bin/true", ["true"]),
    "connection": lambda: socket.create_connection(("127.0.0.1", 80), 1),
    "name service": lambda: socket.getaddrinfo("localhost", 80),
    "web": lambda: urllib.request.urlopen("http://127.0.0.1/"),
    "connection of an event loop": lambda: asyncio.run(asyncio.open_connection("127.0.0.1", 80)),
    "server": lambda: __import__("socketserver").TCPServer(("127.0.0.1", 0), None),
    "other user": lambda: os.setuid(65534),
    "other group": lambda: os.setgid(65534),
    "other groups": lambda: os.setgroups([]),
    "other root": lambda: os.chroot("."),
    "session of its own": os.setsid,
    "lower priority": lambda: os.nice(5),
    "affinity by Python": lambda: os.sched_setaffinity(0, {0}),
    "name of the machine": lambda: socket.sethostname("planted"),
    "memory file": lambda: os.memfd_create("x"),
    "process handle": lambda: os.pidfd_open(PARENT),
    "attribute by Python": lambda: os.setxattr("script.py", "user.x", b"1"),
    "lease by Python": lambda: fcntl.fcntl(READABLE[0], fcntl.F_SETLEASE, fcntl.F_RDLCK),
    "notice by Python": lambda: fcntl.fcntl(READABLE[0], fcntl.F_NOTIFY, fcntl.DN_MODIFY),
    "file larger than allowed": lambda: os.posix_fallocate(os.open("large", os.O_RDWR | os.O_CREAT), 0, 1 << 40),
}.items():
    fail(name, function)
many = []
fail("more descriptors than allowed", lambda: many.extend(os.dup(0) for _ in range(100_000)))
for limit in ("AS", "CPU", "FSIZE", "NOFILE", "CORE"):
    kind = getattr(resource, f"RLIMIT_{limit}")
    now, most = resource.getrlimit(kind)
    check(f"limit {limit} can still grow", now == most != resource.RLIM_INFINITY, (now, most))
    fail(f"raise the limit {limit}", resource.setrlimit, kind, (most + 1, most + 1))
check("core dumps", resource.getrlimit(resource.RLIMIT_CORE) == (0, 0))

# What others left behind in this process.
check("secret in the environment", not any("HIDDEN" in key + value for key, value in os.environ.items()))


def remembered():
    """Objects that hold the name of a session that ran before this one."""
    name, found = WHISPERED[::-1], []
    for item in gc.get_objects():
        values = item.values() if isinstance(item, dict) else item if isinstance(item, (list, tuple, set)) else ()
        found.extend(type(item) for value in list(values) if isinstance(value, str) and name in value)
    return found


def frames_of_the_parent():
    """Local values, of this and all outer frames, that belong to the warm parent."""
    frame, found = sys._getframe(), []
    while frame is not None:
        found.extend(key for key, value in frame.f_locals.items() if type(value).__name__ in {"WarmParent", "Running"})
        frame = frame.f_back
    return found


def heap_holds_name():
    """Looks through the heap of the C library, where long texts that were freed stay until they are overwritten."""
    name, page = WHISPERED[::-1].encode(), mmap.PAGESIZE
    libc.sbrk.restype = ctypes.c_void_p
    at, seen = libc.sbrk(0) // page * page - page, ctypes.create_string_buffer(1)
    while libc.mincore(ctypes.c_void_p(at), ctypes.c_size_t(page), seen) == 0:
        if name in ctypes.string_at(at, page):
            return True
        at -= page
    return False


check("session among the objects", not remembered(), remembered())
check("warm parent among the frames", not frames_of_the_parent(), frames_of_the_parent())
check("session in the heap", not heap_holds_name())

print(json.dumps({"tried": tried, "through": through}))
