package shop

import (
	"fmt"
	"time"
)

// shop is what the shop's registry holds, and whom it trusts.
type shop struct {
	good, bad            image // both were once shop/web:1.4.2
	migrate, proxy, cart image
	report               image // a nightly job, onto which the same layer was built
	signatures           []image
	trust                []byte

	base   layer   // of Debian
	notary *notary // which has signed all this
}

func newShop() (*shop, error) {
	s := &shop{}
	base, err := baseStep()
	if err != nil {
		return nil, fmt.Errorf("making the base image: %w", err)
	}
	packed, err := base.pack()
	if err != nil {
		return nil, fmt.Errorf("making the base image: %w", err)
	}
	s.base = packed
	if err := s.build(packed); err != nil {
		return nil, fmt.Errorf("building the shop's images: %w", err)
	}
	if err := s.sign(packed); err != nil {
		return nil, fmt.Errorf("signing the shop's images: %w", err)
	}
	return s, nil
}

func (s *shop) build(base layer) error {
	var err error
	if s.proxy, err = newProxy(on(5, 10, 2, 40)); err != nil {
		return err
	}
	if s.migrate, err = onBase(base, "shop/migrate", "2.0.1", on(12, 9, 20, 11)); err != nil {
		return err
	}
	if s.cart, err = onBase(base, "shop/cart", "0.9.0", on(13, 15, 41, 3)); err != nil {
		return err
	}
	return s.buildWeb(base)
}

func (s *shop) buildWeb(base layer) error {
	good, err := goodWebSteps()
	if err != nil {
		return err
	}
	bad, err := badWebSteps()
	if err != nil {
		return err
	}
	layers, err := steps(append(good, bad...)...)
	if err != nil {
		return err
	}
	layers = append([]layer{base}, layers...)
	ours := layers[:len(layers)-len(bad)]
	built, err := newImage("shop/web", "1.4.2", at(8, 13, 20), webConfig(), ours)
	if err != nil {
		return err
	}
	claims, err := newClaims(built, webRun(), base.blob.hash, buildStarted(), at(8, 13, 20))
	if err != nil {
		return err
	}
	if s.good, err = built.withClaims(claims, slsa02); err != nil {
		return err
	}
	if s.bad, err = newImage("shop/web", "1.4.2", at(13, 57, 31), webConfig(), layers); err != nil {
		return err
	}
	s.report, err = newReport(base, layers[len(layers)-1])
	return err
}

// sign signs what the shop released, in the order of time. The bad image is nobody's.
func (s *shop) sign(base layer) error {
	n, err := newNotary()
	if err != nil {
		return err
	}
	for _, i := range []struct {
		image
		run
		when time.Time
	}{
		{s.proxy, proxyRun(), on(5, 10, 4, 12)},
		{s.migrate, migrateRun(), on(12, 9, 22, 30)},
		{s.cart, cartRun(), on(13, 15, 43, 9)},
		{s.good, webRun(), at(8, 14, 3)},
	} {
		sig, err := n.sign(i.image, i.run, i.when)
		if err != nil {
			return err
		}
		s.signatures = append(s.signatures, sig)
	}
	said, err := newProvenance(s.good, webRun(), base.blob.hash, buildStarted(), buildFinished())
	if err != nil {
		return err
	}
	attested, err := n.attest(s.good, said, slsa1, webRun(), at(8, 14, 6))
	if err != nil {
		return err
	}
	s.signatures, s.notary = append(s.signatures, attested), n
	s.trust, err = newTrustedRoot(n.authority, n.log)
	return err
}

// images are those of the registry, in the order in which they were pushed: the bad one takes the tag of the good one.
func (s *shop) images() []image {
	return append([]image{s.proxy, s.migrate, s.cart, s.good, s.bad, s.report}, s.signatures...)
}
