/* Stands where the interpreter is expected, and starts it through the C library's own loader beside it.
 *
 * <root>/bin/NAME is this program; it becomes
 *   <root>/lib/ext/LOADER --argv0 ARGV0 <root>/lib/ext/NAME ARGUMENTS...
 * where <root> follows from /proc/self/exe, or else from the path that the kernel was given (AT_EXECFN).
 * A program that names a loader by an absolute path could not be moved.
 *
 * Built without a C library: `cargo xtask loaders`. */
typedef unsigned long word;
#define PATH 4096
#define ARGUMENTS 65536

#if defined(__x86_64__)
#define LOADER "ld-linux-x86-64.so.2"
enum { WRITE = 1, EXECVE = 59, EXIT = 60, READLINKAT = 267 };
static long call(long n, long a, long b, long c, long d) {
  long result;
  register long r10 __asm__("r10") = d;
  __asm__ volatile("syscall" : "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
  return result;
}
__asm__(".globl _start\n_start:\n xor %ebp,%ebp\n mov %rsp,%rdi\n and $-16,%rsp\n call start\n");
#elif defined(__aarch64__)
#define LOADER "ld-linux-aarch64.so.1"
enum { WRITE = 64, EXECVE = 221, EXIT = 93, READLINKAT = 78 };
static long call(long n, long a, long b, long c, long d) {
  register long x8 __asm__("x8") = n;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
}
__asm__(".globl _start\n_start:\n mov x29,#0\n mov x0,sp\n bl start\n");
#endif

enum { AT_FDCWD = -100, AT_EXECFN = 31 };

static char self[PATH], loader[PATH], program[PATH];
static const char *arguments[ARGUMENTS];

static void fail(const char *text, long length) {
  call(WRITE, 2, (long)text, length, 0);
  call(EXIT, 127, 0, 0, 0);
}
#define FAIL(text) fail(text "\n", sizeof(text))

/* The first `length` bytes of `self`, then `tail`. */
static void join(char *to, long length, const char *tail) {
  long at = 0;
  for (; at < length; at++) to[at] = self[at];
  for (; at < PATH - 1 && *tail; at++) to[at] = *tail++;
  if (*tail) FAIL("python: the path is too long");
  to[at] = 0;
}

__attribute__((used, noreturn)) void start(word *stack) {
  word count = stack[0];
  char **given = (char **)(stack + 1);
  char **environment = given + count + 1;
  long length = call(READLINKAT, AT_FDCWD, (long)"/proc/self/exe", (long)self, PATH - 1);
  if (length <= 0) {
    word *aux = (word *)environment;
    while (*aux) aux++;
    for (aux++; *aux && *aux != AT_EXECFN; aux += 2) {}
    const char *name = *aux ? (const char *)aux[1] : "";
    for (length = 0; length < PATH - 1 && name[length]; length++) self[length] = name[length];
  }
  self[length] = 0;
  long name = length;
  while (name > 0 && self[name - 1] != '/') name--;
  long folder = name - 1;
  while (folder > 0 && self[folder - 1] != '/') folder--;
  if (folder <= 0 || self[0] != '/') FAIL("python: cannot find out where it is installed: /proc is not mounted");
  join(program, folder, "lib/ext/");
  join(loader, folder, "lib/ext/" LOADER);
  long at = 0;
  while (program[at]) at++;
  for (; at < PATH - 1 && self[name]; at++) program[at] = self[name++];
  if (count + 4 > ARGUMENTS) FAIL("python: too many arguments");
  word put = 0;
  arguments[put++] = loader;
  arguments[put++] = "--argv0";
  arguments[put++] = count ? given[0] : self;
  arguments[put++] = program;
  for (word next = 1; next < count; next++) arguments[put++] = given[next];
  call(EXECVE, (long)loader, (long)arguments, (long)environment, 0);
  FAIL("python: its loader lib/ext/" LOADER " cannot be started");
  __builtin_unreachable();
}
