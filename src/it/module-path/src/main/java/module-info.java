module consumer {
    requires dev.weir;
}
