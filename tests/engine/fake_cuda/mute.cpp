extern "C" int hadal_says_nothing() {
  return 0;
}
