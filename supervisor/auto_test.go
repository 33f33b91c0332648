package supervisor_test

import (
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
)

func (d *diary) significant(id string, r supervisor.Restart) supervisor.Child {
	c := d.child(id)
	c.Significant, c.Restart = true, r
	return c
}

func TestS195_BadCombinations(t *testing.T) {
	d := &diary{}
	for _, s := range []supervisor.Spec{
		{Children: []supervisor.Child{d.significant("a", supervisor.Transient)}},
		{AutoShutdown: supervisor.AnySignificant, Children: []supervisor.Child{d.significant("a", supervisor.Permanent)}},
	} {
		assert.Equal(t, assert.ErrorAs[*supervisor.SpecError](t, supervisor.Check(s)).Field, "Significant")
	}
}

func TestS196_AnySignificant(t *testing.T) {
	for _, tc := range []struct {
		restart supervisor.Restart
		reason  error
	}{{supervisor.Transient, nil}, {supervisor.Temporary, nil}, {supervisor.Temporary, errBoom}} {
		bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
			sup := start(t, n, supervisor.Spec{
				AutoShutdown: supervisor.AnySignificant,
				Children:     []supervisor.Child{d.child("x"), d.significant("a", tc.restart), d.significant("b", tc.restart)},
			})
			end := endOf(sup)
			crash(t, n, "a", tc.reason)
			assert.True(t, <-end == kista.ErrShutdown, "another reason") //nolint:errorlint // bare
			assert.Equal(t, d.take(), words("+x", "+a", "+b", "-a", "-b", "-x"))
		})
	}
}

func TestS196_AllSignificant(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		sup := start(t, n, supervisor.Spec{
			AutoShutdown: supervisor.AllSignificant,
			Children:     []supervisor.Child{d.child("x"), d.significant("a", supervisor.Transient), d.significant("b", supervisor.Temporary)},
		})
		end := endOf(sup)
		crash(t, n, "a", nil)
		crash(t, n, "x", errBoom)
		assert.True(t, n.Alive(sup), "too early")
		crash(t, n, "b", errBoom)
		assert.ErrorIs(t, <-end, kista.ErrShutdown)
	})
}

func TestS197_WhatDoesNotTriggerIt(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		sup := start(t, n, supervisor.Spec{
			AutoShutdown: supervisor.AnySignificant,
			Children:     []supervisor.Child{d.significant("a", supervisor.Transient), d.significant("b", supervisor.Temporary)},
		})
		crash(t, n, "a", errBoom) // restarted
		assert.NoError(t, supervisor.TerminateChild(ctx, sup, "b"))
		assert.NoError(t, supervisor.TerminateChild(ctx, sup, "a"))
		assert.Equal(t, ids(t, sup), words("a stopped"))
	})
}
