// empty.cc: nothing; CMake wants a program to precompile the headers of the tests for.
int main() {}
