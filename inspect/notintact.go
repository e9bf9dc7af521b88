package inspect

// NotIntact begins the banner of a bundle whose files do not fit its manifests.
const NotIntact = "bundle is not intact"
