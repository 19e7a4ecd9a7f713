/* A disk of 10 ms a sync, for tests: preloaded, it sleeps before every fsync and fdatasync. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

static void wait_for_the_disk(void)
{
    struct timespec ten_ms = {0, 10 * 1000 * 1000};
    nanosleep(&ten_ms, 0);
}

int fsync(int file)
{
    int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
    wait_for_the_disk();
    return real(file);
}

int fdatasync(int file)
{
    int (*real)(int) = dlsym(RTLD_NEXT, "fdatasync");
    wait_for_the_disk();
    return real(file);
}
