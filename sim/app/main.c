/*
 * main.c - the program: everything is in cli.c, so that tests can call it.
 */
#include <stdio.h>
#include "app/cli.h"

int main(int argc, char **argv)
{
    return cli_main(argc, argv, stdout, stderr);
}
