#include "cli/commands.h"

int main(int argc, char** argv) { return convstep::cli::run(argc, argv); }
