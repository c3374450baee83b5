/*
 * mm1_simgrid.c - M/M/1 in SimGrid: CPU ns per customer, printed.
 *
 * Two actors and a semaphore, load 0.9, as bench.c and SimPy have it.
 */
#include <simgrid/actor.h>
#include <simgrid/engine.h>
#include <simgrid/host.h>
#include <simgrid/semaphore.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define CUSTOMERS 100000

static sg_sem_t waiting;

static double exponential(double mean)
{
    return -mean * log(drand48());
}

static void arrive(int argc, char *argv[])
{
    (void)argc;
    (void)argv;
    for (int i = 0; i < CUSTOMERS; i++) {
        sg_actor_sleep_for(exponential(1));
        sg_sem_release(waiting);
    }
}

static void serve(int argc, char *argv[])
{
    (void)argc;
    (void)argv;
    for (int i = 0; i < CUSTOMERS; i++) {
        sg_sem_acquire(waiting);
        sg_actor_sleep_for(exponential(0.9));
    }
}

int main(int argc, char **argv)
{
    char path[] = "/tmp/rollsim-bench-XXXXXX.xml";
    int fd = mkstemps(path, 4);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    clock_t start;

    if (!f)
        return 1;
    fputs("<?xml version='1.0'?>\n<!DOCTYPE platform SYSTEM "
          "\"https://simgrid.org/simgrid.dtd\">\n<platform version=\"4.1\">"
          "<zone id=\"z\" routing=\"Full\"><host id=\"h\" speed=\"1Gf\"/>"
          "</zone></platform>\n", f);
    fclose(f);
    simgrid_init(&argc, argv);
    simgrid_load_platform(path);
    unlink(path);
    waiting = sg_sem_init(0);
    sg_actor_create("source", sg_host_by_name("h"), arrive, 0, NULL);
    sg_actor_create("server", sg_host_by_name("h"), serve, 0, NULL);
    start = clock();
    simgrid_run();
    printf("%.1f\n", (double)(clock() - start) * 1e9 / CLOCKS_PER_SEC /
                         CUSTOMERS);
    return 0;
}
